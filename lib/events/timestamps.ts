/** Times as ISO 8601. */

/** The real `Date`, even if a test replaces the global one. */
const { Date } = globalThis

let second = Number.NaN
let upToSecond = ''

/** Like `new Date(time).toISOString()`, which costs more than a line does. This formats the date once per second. */
export const isoTime = (time: number): string => {
  const milliseconds = time % 1000
  const whole = time - milliseconds
  if (whole !== second) {
    second = whole
    // All but the milliseconds and the zone.
    upToSecond = new Date(whole).toISOString().slice(0, -'000Z'.length)
  }
  return `${upToSecond}${String(milliseconds).padStart(3, '0')}Z`
}

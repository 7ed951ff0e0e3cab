// Output of the scripts: headings, quiet progress lines, durations. Colour only on a terminal that wants it.

const wantsColour =
  !process.env.NO_COLOR && (process.stdout.isTTY || Boolean(process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0'))

const paint = (code) => (text) => (wantsColour ? `\u001B[${code}m${text}\u001B[0m` : String(text))

export const bold = paint('1')
export const dim = paint('2')
export const red = paint('31')
export const green = paint('32')
export const yellow = paint('33')
export const cyan = paint('36')

export const seconds = (ms) =>
  ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`

export const heading = (text) => console.log(`\n${bold(text)}`)

const clearLine = () => process.stdout.isTTY && process.stdout.write('\r\u001B[K')

// Runs `work` and prints one line: its name, and finally how long it took.
export const step = async (name, work) => {
  const started = performance.now()
  if (process.stdout.isTTY) process.stdout.write(dim(`  … ${name}`))
  try {
    const result = await work()
    clearLine()
    console.log(`  ${green('✓')} ${name} ${dim(seconds(performance.now() - started))}`)
    return result
  } catch (error) {
    clearLine()
    console.log(`  ${red('✗')} ${name} ${dim(seconds(performance.now() - started))}`)
    throw error
  }
}

// An error that a person can fix: printed as it is, without a stack.
export class Problem extends Error {}

// Runs a script: the number it returns is the exit code; an error is printed and means 1.
export const main = async (work) => {
  try {
    process.exitCode = (await work()) ?? 0
  } catch (error) {
    console.error(`\n${red('error')} ${error instanceof Problem ? error.message : error.stack}`)
    process.exitCode = 1
  }
}

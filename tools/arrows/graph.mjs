// Rules for the arrows: no cycle at any level of folders, and none that points up.

const group = (arrows, nameOf) => {
  const edges = new Map()
  for (const arrow of arrows) {
    const [from, to] = nameOf(arrow)
    if (from === undefined || to === undefined || from === to) continue
    if (!edges.has(from)) edges.set(from, new Map())
    const known = edges.get(from)
    if (!known.has(to)) known.set(to, arrow)
  }
  return edges
}

/** One cycle of these edges, as the arrows that make it. */
const cycleIn = (edges) => {
  const done = new Set()
  const visit = (node, way) => {
    const at = way.findIndex(({ name }) => name === node)
    if (at >= 0) return way.slice(at).map(({ arrow }) => arrow)
    if (done.has(node)) return undefined
    for (const [next, arrow] of edges.get(node) ?? []) {
      const found = visit(next, [...way, { name: node, arrow }])
      if (found) return found
    }
    done.add(node)
    return undefined
  }
  for (const node of edges.keys()) {
    const found = visit(node, [])
    if (found) return found
  }
  return undefined
}

/** Where two paths part: the folder that holds both, and the entry of it that each is in. */
const parting = ({ from, to }) => {
  const [a, b] = [from.split('/'), to.split('/')]
  let at = 0
  while (at < a.length - 1 && at < b.length - 1 && a[at] === b[at]) at += 1
  return { folder: a.slice(0, at).join('/'), names: [a[at], b[at]] }
}

/** The cycles between the files and folders of every folder. None means that files have no cycle either. */
export const cycles = (arrows) =>
  [...new Set(arrows.map((arrow) => parting(arrow).folder))].flatMap((folder) => {
    const inside = arrows.filter((arrow) => parting(arrow).folder === folder)
    const edges = group(inside, (arrow) => parting(arrow).names)
    const found = []
    for (let cycle = cycleIn(edges); cycle; cycle = cycleIn(edges)) {
      found.push({ folder, cycle })
      // Remove the last arrow, and look again.
      const [from, to] = parting(cycle.at(-1)).names
      edges.get(from).delete(to)
    }
    return found
  })

/** The arrows that point up. `layers` lists names from the top; `nameOf` says what a file belongs to. */
export const upward = (arrows, layers, nameOf) => {
  const levelOf = new Map(layers.flatMap((names, level) => names.map((name) => [name, level])))
  return arrows.filter(({ from, to }) => levelOf.get(nameOf(from)) > levelOf.get(nameOf(to)))
}

/** Names that `layers` leaves out. */
export const unplaced = (arrows, layers, nameOf) => {
  const names = arrows.flatMap(({ from, to }) => [nameOf(from), nameOf(to)])
  return [...new Set(names)].filter((name) => name !== undefined && !layers.flat().includes(name))
}

/** A Mermaid flowchart. An arrow that follows from others is left out. */
export const mermaid = (arrows, nameOf) => {
  const edges = group(arrows, ({ from, to }) => [nameOf(from), nameOf(to)])
  const reachable = (from, seen = new Set()) => {
    for (const next of edges.get(from)?.keys() ?? []) {
      if (!seen.has(next)) reachable(next, seen.add(next))
    }
    return seen
  }
  const lines = [...edges].flatMap(([from, targets]) => {
    const implied = new Set([...targets.keys()].flatMap((next) => [...reachable(next)]))
    return [...targets.keys()].filter((to) => !implied.has(to)).map((to) => `  ${from} --> ${to}`)
  })
  return ['flowchart TD', ...lines.toSorted()].join('\n')
}

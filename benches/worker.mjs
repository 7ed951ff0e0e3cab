// One scenario with one peer, in a process of its own: `node worker.mjs <scenario> <peer> <options as JSON>`.
// Prints the measurement as one line of JSON.
const [scenarioName, peerName, options] = process.argv.slice(2)
const { measure } = await import(`./scenarios/${scenarioName}.mjs`)
const peer = await import(`./peers/${peerName}.mjs`)
const measured = await measure(peer, JSON.parse(options))
console.log(JSON.stringify(measured))
process.exit(0)

#!/usr/bin/env node
// A file of the repository, so that npm can link it before anything is compiled.
// oxlint-disable-next-line import/no-unassigned-import -- it is run, and exports nothing
import '../dist/main.js'

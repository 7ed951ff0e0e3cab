#!/usr/bin/env node
// A file of the repository, so that npm can link it before anything is compiled.
import '../dist/main.js'

import { parseArgs } from 'node:util'
import { buildPage } from './lib/build.mjs'
import { installPackages } from './lib/install.mjs'
import { serve } from './lib/serve.mjs'

const USAGE = 'npm start -- [--port N]'
const FIRST_PORT = 5173

/** Throws one line for anything but `--port N`; `--no-open` says what happens anyway. */
function givenPort() {
  let text
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } } })
    text = values.port
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${USAGE}`, { cause: error })
  }
  if (text === undefined) return null
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    throw new Error(`--port: "${text}" must be a whole number from 1 to 65535`)
  return port
}

function fail(error, status) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(status)
}

let port
try {
  port = givenPort()
} catch (error) {
  fail(error, 2)
}
try {
  installPackages()
  process.stderr.write('building\n')
  const directory = buildPage()
  const address = await serve(directory, port ?? FIRST_PORT, port !== null)
  process.stdout.write(`TabCluster is at ${address}\n`)
} catch (error) {
  fail(error, 1)
}

import { buildPage } from './lib/build.mjs'
import { installPackages } from './lib/install.mjs'
import { serve } from './lib/serve.mjs'

const option = process.argv.indexOf('--port')
const port = option < 0 ? 5173 : Number(process.argv[option + 1])
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  process.stderr.write(`--port: "${process.argv[option + 1]}" must be a whole number from 1 to 65535\n`)
  process.exit(2)
}
try {
  installPackages()
  process.stderr.write('building\n')
  const directory = buildPage()
  const address = await serve(directory, port, option >= 0)
  process.stdout.write(`TabCluster is at ${address}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

import { Command, CommanderError } from 'commander'
import { runRankThread } from '../cluster/hosts/node-threads.ts'
import { InvalidProgramError, faultOf } from '../core/errors.ts'
import { exitStatusOf } from '../core/fault.ts'
import { bench } from './bench.ts'
import { benchStrategies } from './bench-strategies.ts'
import type { CompareCommandOptions } from './compare.ts'
import { compare } from './compare.ts'
import type { GenerateOptions } from './generate.ts'
import { generate } from './generate.ts'
import { oneLine, putResult } from './io.ts'
import type { PlanCommandOptions } from './plan.ts'
import { planCommand } from './plan.ts'
import type { ProgramOptions } from './program.ts'
import { program as printProgram } from './program.ts'
import type { SimulateCommandOptions } from './simulate.ts'
import { simulateCommand } from './simulate.ts'
import type { TrainOptions } from './train.ts'
import { train } from './train.ts'

/** @param print prints the command line's help and version */
function commands(print: (text: string) => void): Command {
  const root = new Command('tabcluster')
    .description('A GPU cluster: trains GPT-2-shaped models under every parallel strategy')
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeOut: (text) => print(text.trimEnd()) })
  const config = ['--config <file>', 'configuration: a file, - for standard input, or JSON itself'] as const
  root
    .command('train')
    .description('execute on the GPU and print the result')
    .requiredOption(...config)
    .option('--out <file>', 'write the result here instead of printing it')
    .option('--init <file>', 'start from these weights (safetensors, or the .json index of several)')
    .option('--allow-missing-bias', 'biases that the weights do not have are zero', false)
    .option('--save <file>', 'write the final weights (safetensors)')
    .option('--gradients <file>', "write the first step's unclipped gradient (safetensors)")
    .option('--checkpoint <file>', 'write a checkpoint after the last step')
    .option('--resume <file>', 'go on from a checkpoint, exactly where the configuration is the same')
    .option('--threads', 'a thread per rank instead of one for all (slower on few cores)', false)
    .action((options: TrainOptions) => train(options))
  root
    .command('generate')
    .description('sample text from weights')
    .requiredOption('--weights <file>', 'safetensors with Hugging Face GPT-2 names, or the .json index of several')
    .option('--allow-missing-bias', 'biases that the weights do not have are zero', false)
    .requiredOption('--prompt <text>', 'what the text begins with')
    .option('--tokens <n>', 'tokens to sample', '40')
    .option('--temperature <x>', '0 is greedy', '0.8')
    .option('--top-k <k>', 'sample among the k likeliest; 0: all', '0')
    .option('--seed <s>', 'seed of the samples', '0')
    .option(...config)
    .action((options: GenerateOptions) => generate(options))
  root
    .command('simulate')
    .description('clock a configuration, or an array of them, on its virtual cluster')
    .requiredOption(...config)
    .option('--out <file>', 'write the result here instead of printing it')
    .option('--trace <file>', 'write a trace for chrome://tracing or Perfetto (one configuration)')
    .option('--memory <file>', 'write live bytes by category over the step (one configuration)')
    .option('--calibrate', 'time this adapter\'s kernels first: what cluster.device "this" then stands for', false)
    .action((options: SimulateCommandOptions) => simulateCommand(options))
  root
    .command('compare')
    .description('one table of simulated figures, a row per configuration')
    .requiredOption('--config <files...>', config[1])
    .action((options: CompareCommandOptions) => compare(options))
  root
    .command('plan')
    .description("search the strategies that fit the configuration's devices and rank them")
    .requiredOption(...config)
    .option('--json', 'everything, as JSON', false)
    .action((options: PlanCommandOptions) => planCommand(options))
  root
    .command('program')
    .description('print the Program of a configuration')
    .requiredOption(...config)
    .option('--format <format>', 'grid, csv or json', 'grid')
    .option('--schedule-only', 'only the pipeline order', false)
    .action((options: ProgramOptions) => printProgram(options))
  root
    .command('bench')
    .description('kernels and training speed on this adapter')
    .option('--json', 'rows as JSON', false)
    .option('--strategies', 'instead: every strategy trained here, beside its virtual time', false)
    .action((options: { json: boolean; strategies: boolean }) =>
      options.strategies ? benchStrategies(options) : bench(options),
    )
  return root
}

async function printHelp(text: string): Promise<number> {
  try {
    await putResult(text)
    return 0
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error)
  // An invalid Program is shown as a grid.
  process.stderr.write(`${error instanceof InvalidProgramError ? message.trimEnd() : oneLine(message)}\n`)
  return exitStatusOf(faultOf(error))
}

/** Runs the command line; resolves with the exit status. A failure is one line on standard error. */
export async function main(argv: readonly string[]): Promise<number> {
  let help = ''
  try {
    await commands((text) => (help = text)).parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return printHelp(help)
      process.stderr.write(`${oneLine(error.message.replace(/^error: /, ''))}\n`)
      return 2
    }
    return failed(error)
  }
}

// A closed output stream is reported to its writer; it must not crash the process.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// In a rank's thread this module is the rank and ends when its port is closed. Ranks and Dawn may leave handles that
// keep Node alive: the status is known, so the process exits with it.
if (!runRankThread()) process.exit(await main(process.argv.slice(2)))

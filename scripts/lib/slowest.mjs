import { basename } from 'node:path'

/**
 * The tests in a suite's JSON report.
 * @returns {{ name: string, seconds: number }[]}
 */
export function testsOfVitest(report) {
  return report.testResults.flatMap(({ name: path, assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({
      name: `${basename(path)} › ${fullName}`,
      seconds: (duration ?? 0) / 1000,
    })),
  )
}

/** A test that was tried again took the time of all its tries. */
export function testsOfPlaywright(report) {
  const inSuite = ({ suites = [], specs = [] }) => [
    ...suites.flatMap(inSuite),
    ...specs.map(({ file, title, tests }) => ({
      name: `${basename(file)} › ${title}`,
      seconds: tests.flatMap(({ results }) => results).reduce((sum, { duration }) => sum + duration, 0) / 1000,
    })),
  ]
  return inSuite(report)
}

/** One line for each of the slowest tests, the slowest first. */
export function slowest(tests, count = 10) {
  return tests
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, count)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`)
}

interface TimedTest {
  readonly name: string
  readonly seconds: number
}

export function testsOfVitest(report: {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly duration?: number | null }[]
  }[]
}): TimedTest[]

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[]
  readonly specs?: readonly {
    readonly file: string
    readonly title: string
    readonly tests: readonly { readonly results: readonly { readonly duration: number }[] }[]
  }[]
}

export function testsOfPlaywright(report: PlaywrightSuite): TimedTest[]

export function slowest(tests: readonly TimedTest[], count?: number): string[]

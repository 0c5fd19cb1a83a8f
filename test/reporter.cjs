// Mocha's spec report with one line for test/run.ts at the end. CommonJS: mocha loads reporters with require.
const { reporters } = require("mocha");

module.exports = class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes: passed, failures: failed } = this.stats;
      console.log(`\n#summary ${JSON.stringify({ passed, failed, skipped })}`);
    });
  }
};

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { copiesOf } from '../../lab/lab.ts';
import { scheduleId } from '../../workflows/wire.ts';
import { Browser, missingBrowser } from './browser.ts';
import { leftBy } from './scene.ts';
import { TemporalUi } from './temporal-ui.ts';
import { endOf, until, World } from './world.ts';

describe('a schedule in the Temporal UI', () => {
  let world: World;
  let browser: Browser;
  let ui: TemporalUi;

  before(async function () {
    this.timeout(60_000);
    const missing = missingBrowser();
    if (missing !== null) {
      if (process.env['CI']) throw new Error(`the UI cannot be tested: ${missing}`);
      console.warn(`SKIPPED, the Temporal UI is not driven: ${missing}`);
      this.skip();
    }
    world = await World.up({ ui: true });
    browser = await Browser.open();
    ui = new TemporalUi(browser.page, world.server.ui);
  });
  after(async () => {
    await browser?.close();
    await world?.down();
  });

  it('shows the monthly rehearsal with its coming times, and triggered there it passes, with its report', async () => {
    const applied = await world.cli('schedules', 'apply', '--yes');
    assert.equal(applied.code, 0, applied.err);
    const id = scheduleId('orders-monthly');
    await ui.schedules();
    const row = ui.schedule(id);
    await row.waitFor();
    const coming = (await row.innerText()).match(/\d{1,2} [A-Z][a-z]{2} \d{4}, [234]:0\d/gu) ?? [];
    assert.ok(coming.length >= 5, await row.innerText());
    for (const text of coming) assert.ok(Number(text.split(' ')[0]) <= 7, `${text} is no first Sunday`);
    await browser.picture('schedules');
    await ui.openSchedule(id);
    await browser.picture('schedule', 1200);
    await ui.trigger();

    const schedule = world.client.schedule.getHandle(id);
    const run = await until(async () => {
      const { recentActions, runningActions } = (await schedule.describe()).info;
      return [...recentActions.map(({ action }) => action), ...runningActions].at(-1)?.workflow.workflowId;
    }, 'the schedule started a run');
    const end = await endOf(world.client.workflow.getHandle(run));
    assert.equal(end.verdict, 'rehearsed', end.why);
    const { record, report } = await leftBy(end);
    assert.match(JSON.stringify(record.participants), /schedule orders-monthly/u);
    assert.match(report, /The rehearsal of the failover of orders passed/u);
    const left = copiesOf(world.lab, 'b-db');
    assert.deepEqual(existsSync(left) ? readdirSync(left) : [], []);

    await ui.list(`WorkflowId="${run}"`);
    await ui.open(run);
    await ui.status('Completed').waitFor();
    await browser.picture('rehearsed');
  });
});

import assert from 'node:assert/strict';
import { fault } from '../../lab/fault.ts';
import { Browser, missingBrowser } from './browser.ts';
import { TemporalUi } from './temporal-ui.ts';
import { asked, endOf, journalOf, until, World } from './world.ts';

const approve = /^Approve cut-over of orders to site-b/;

describe('a person in the Temporal UI', () => {
  let world: World;
  let browser: Browser;
  let ui: TemporalUi;

  before(function () {
    const missing = missingBrowser();
    if (missing !== null) {
      if (process.env['CI']) throw new Error(`the UI cannot be tested: ${missing}`);
      console.warn(`SKIPPED, the Temporal UI is not driven: ${missing}`);
      this.skip();
    }
  });
  beforeEach(async () => {
    world = await World.up({ ui: true });
    browser = await Browser.open();
    ui = new TemporalUi(browser.page, world.server.ui);
  });
  afterEach(async () => {
    await browser?.close();
    await world?.down();
  });

  it('finds the run by what it waits for, reads what is asked, approves with one pick, and sees it end', async () => {
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    await asked(handle, 'cut-over');

    await ui.list('LifeboatState="waiting for approval"');
    await ui.listed('failover-orders').waitFor();
    await browser.picture('list');
    await ui.open('failover-orders');

    const details = await ui.details();
    await details.getByRole('heading', { name: 'Move orders from site-a to site-b' }).waitFor();
    await details.getByText('one person of dr-leads').waitFor();
    await details.getByText(approve).waitFor();
    const text = await details.locator('body').innerText();
    for (const word of [/Data at risk: about \d/, /probe: source dead/, /until \d\d:\d\d:\d\d/, /lifeboat approve failover-orders/])
      assert.match(text, word);
    await browser.picture('details', 1300);

    const dialog = await ui.signalDialog();
    const names = await ui.offered(dialog);
    assert.equal(names.filter((name) => approve.test(name)).length, 1, names.join(', '));
    assert.equal(names.filter((name) => name.startsWith('Refuse cut-over of orders to site-b')).length, 1, names.join(', '));
    await browser.picture('dialog');
    await ui.pick(dialog, approve);
    await ui.submit(dialog);

    const end = await endOf(handle);
    assert.equal(end.verdict, 'recovered, unprotected');
    assert.equal(await world.promotions('b-db'), 1);
    await world.sql('b-db', 'insert into orders default values');
    const decided = (await journalOf(handle)).filter((entry) => entry.what === 'decided');
    assert.deepEqual(
      decided.map(({ choice, how, counts }) => ({ choice, how, counts })),
      [{ choice: 'approve', how: 'anonymous', counts: true }],
    );

    await ui.list('LifeboatState="recovered, unprotected"');
    await ui.open('failover-orders');
    await ui.status('Completed').waitFor();
    await ui.timeline();
    await browser.picture('finished');
  });

  it('approves while no worker runs, by the name that the memo shows, and it counts once a worker is back', async () => {
    await fault(world.lab.folder, 'kill-primary');
    const handle = await world.start('unplanned');
    const question = await asked(handle, 'cut-over');
    const { signal } = question.choices.find(({ choice }) => choice === 'approve')!;
    await world.stopWorkers();

    await ui.list('LifeboatState="waiting for approval"');
    await ui.open('failover-orders');
    assert.ok((await ui.memo()).includes(signal), 'the memo holds the name for whom the dialog cannot offer it');
    await browser.picture('memo');
    const dialog = await ui.signalDialog();
    await ui.write(dialog, signal);
    await browser.picture('no-worker');
    await ui.submit(dialog);
    await until(
      async () =>
        (await handle.fetchHistory()).events?.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === signal),
      'signal in the history',
    );
    assert.equal(await world.promotions('b-db').catch(() => 0), 0);

    await Promise.all(['site-a', 'site-b'].map((site) => world.startWorker(site)));
    assert.equal((await endOf(handle)).verdict, 'recovered, unprotected');
    assert.equal(await world.promotions('b-db'), 1);
  });
});

import assert from 'node:assert/strict';
import type { Backup } from '../../activities/step.ts';
import { StepError } from '../../activities/error.ts';
import type { Branch, RehearsalFacts } from '../../plan/plan.ts';
import { play } from './ensemble.ts';
import { ending, entries } from './scene.ts';
import { theStage, type Play, type Stage } from './stage.ts';
import { Troupe } from './troupe.ts';

const items = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'];
const saved = (label: string): Backup => ({
  ...{ label, store: 'a-store', holds: 'volumes', kind: 'snapshot', bytes: 1, compared: ['all'] },
  at: new Date(Date.now() + 60_000).toISOString(),
  provenAt: new Date().toISOString(),
});

describe('a backup of many', () => {
  let theatre: Stage;
  before(async () => (theatre = await theStage()));

  /** Saves each item, then copies what was saved of it. */
  function saving(bad: ReadonlySet<string>) {
    const [copied, undone]: [string[], string[]] = [[], []];
    const troupe = new Troupe();
    const save = troupe.wave('volumes', items, { uses: 't.item', most: 3 });
    const copy = troupe.wave('copies', items, { uses: 't.copy', needs: ['volumes'], most: 3 });
    for (const { digest } of copy.children) refer(troupe, digest);
    const script: NonNullable<Play['script']> = {
      't.item.execute': ({ with: { item } }) => {
        if (bad.has(item as string)) throw new StepError('no-room', 'the account has no room', 'person');
        return {
          outputs: { id: `snap-${item as string}` },
          backups: [{ store: 'a-store', holds: 'volumes', complete: false, backups: [saved(item as string)] }],
        };
      },
      't.copy.execute': ({ with: { from } }) => void copied.push(from as string),
      't.item.undo': ({ with: { item } }) => void undone.push(item as string),
      't.copy.undo': () => undefined,
    };
    return { troupe, play: { steps: [save, copy], script }, copied, undone };
  }

  it('keeps what was saved, undoes only what failed, goes on with the rest, and names what it lacks', async () => {
    const { troupe, play: what, copied, undone } = saving(new Set(['i-2', 'i-5']));
    const [end, proven] = await play(
      theatre,
      troupe,
      what,
      async (handle) => [await ending(handle), await entries(handle, 'not-proven')] as const,
      { kind: 'backup' },
    );
    assert.deepEqual([end.verdict, end.status], ['unproven', 'failed']);
    assert.match(end.why, /^2 could not be saved.*volumes of i-2: the account has no room.*volumes of i-5/u);
    assert.deepEqual(undone.toSorted(), ['i-2', 'i-5']);
    assert.deepEqual(copied.toSorted(), ['snap-i-1', 'snap-i-3', 'snap-i-4']);
    assert.deepEqual(
      proven.map(({ step }) => step),
      ['volumes', 'copies'],
    );
  });

  it('of which none could be saved undoes all, and goes on to nothing', async () => {
    const { troupe, play: what, copied, undone } = saving(new Set(items));
    const end = await play(theatre, troupe, what, ending, { kind: 'backup' });
    assert.deepEqual([end.verdict, end.status], ['failed', 'failed']);
    assert.deepEqual([copied, undone.toSorted()], [[], items]);
  });

  it('is proven where nothing of it failed', async () => {
    const { troupe, play: what, copied } = saving(new Set());
    const end = await play(theatre, troupe, what, ending, { kind: 'backup' });
    assert.deepEqual([end.verdict, copied.length], ['proven', 5]);
  });

  it('is rehearsed by what is made for rehearsals, and what fails of it is a finding', async () => {
    const { troupe, play: what } = saving(new Set());
    const called: string[] = [];
    const swept: string[] = [];
    const script: NonNullable<Play['script']> = {
      't.item.rehearse': ({ with: { item }, run: { live }, step: { id } }) => {
        assert.equal(live, false);
        called.push(item as string);
        if (item === 'i-4') throw new StepError('no-room', 'the account has no room', 'person');
        const findings = [{ subject: id, code: 'not-encrypted', weight: 'should', text: 'The volume is not encrypted.' } as const];
        return { outputs: { id: `snap-${item as string}` }, ...(item === 'i-2' ? { findings } : {}) };
      },
      't.item.sweep': ({ with: { item } }) => {
        swept.push(item as string);
        return { evidence: ['It was taken away.'] };
      },
      't.copy.rehearse': ({ with: { from } }) => void called.push(from as string),
    };
    const rehearsal: RehearsalFacts = {
      of: 'd',
      differs: [],
      mode: 'planned',
      gates: 'stood in for',
      keep: { passed: 0, failed: 0 },
      expires: 60_000,
      places: {},
    };
    troupe.rehearsed(rehearsal);
    for (const { digest } of (what.steps[0] as Branch).children)
      troupe.change(digest, (one) => ({ ...one, action: { ...one.action, sweep: true } }));
    const [end, found] = await play(
      theatre,
      troupe,
      { ...what, script, header: { rehearsal, kind: 'backup' } },
      async (handle) => [await ending(handle), await entries(handle, 'found')] as const,
      { kind: 'rehearsal' },
    );
    assert.deepEqual([end.verdict, end.status], ['failed', 'completed']);
    assert.match(end.why, /volumes: .*i-4/u);
    assert.deepEqual(
      found.filter(({ found: { weight } }) => weight === 'should').map(({ id, found: { text } }) => `${id} ${text}`),
      ['play/volumes/not-encrypted i-2: The volume is not encrypted.'],
    );
    assert.deepEqual(swept.toSorted(), items);
    assert.deepEqual(called.toSorted(), [...items, 'snap-i-1', 'snap-i-2', 'snap-i-3', 'snap-i-5'].toSorted());
  });
});

/** Each step of a plan gets what was made of its own item. */
function refer(troupe: Troupe, digest: string): void {
  troupe.change(digest, (one) => ({
    ...one,
    action: { ...one.action, with: { from: { $ref: ['steps', 'volumes', 'outputs', 'items', one.summary, 'id'] } } },
  }));
}

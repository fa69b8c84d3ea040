import assert from 'node:assert/strict';
import type { Choice } from '../../record/journal.ts';
import type { Sender } from '../../workflows/wire.ts';
import { judge, type Rules } from '../../workflows/judge.ts';

const people = { leads: ['alice', 'bob'], dbas: ['carol'] };
const zoe = { by: 'zoe', how: 'stated', at: '' } as const;
const rules: Rules = { accepts: 'stated', people, approvers: ['leads'], count: 1, requester: zoe, reasonNeeded: false, have: [] };

const nobody: Sender = { by: null, how: 'anonymous', worker: false, reset: false };
const attested = (by: string): Sender => ({ by, how: 'attested', worker: false, reset: false });

interface Case {
  readonly choice?: Choice;
  readonly sender?: Sender;
  readonly stated?: string;
  readonly reason?: string;
  readonly rules?: Partial<Rules>;
  readonly counts: boolean;
  readonly by: string;
  readonly how?: string;
  readonly note?: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'counts a stated name of the role': { stated: 'alice', counts: true, by: 'alice', how: 'stated' },
  'counts the identity that the client gave where no name is stated': {
    sender: { ...nobody, by: 'bob', how: 'stated' },
    counts: true,
    by: 'bob',
    how: 'stated',
  },
  'refuses a person of another role': { stated: 'carol', counts: false, by: 'carol', note: /^not in leads$/u },
  'refuses a name that is not in the inventory': {
    stated: 'mallory',
    rules: { approvers: [] },
    counts: false,
    by: 'mallory',
    note: /not among the people/u,
  },
  'refuses a role name of the object prototype': { stated: 'alice', rules: { approvers: ['constructor'] }, counts: false, by: 'alice' },
  'counts any person of the inventory where no role is named': { stated: 'carol', rules: { approvers: [] }, counts: true, by: 'carol' },
  'believes the server and not the stated name': {
    sender: attested('mallory'),
    stated: 'alice',
    counts: false,
    by: 'mallory',
    how: 'attested',
  },
  'counts an attested person': { sender: attested('alice'), rules: { accepts: 'attested' }, counts: true, by: 'alice', how: 'attested' },
  'refuses a stated name where attested ones are demanded': {
    stated: 'alice',
    rules: { accepts: 'attested' },
    counts: false,
    by: 'alice',
    note: /no less than attested/u,
  },
  'refuses an anonymous press where names are demanded': { counts: false, by: 'anonymous', how: 'anonymous', note: /no less than stated/u },
  'counts an anonymous press where the inventory says so, and notes what that means': {
    rules: { accepts: 'anonymous' },
    counts: true,
    by: 'anonymous',
    note: /separation of duties not enforced/u,
  },
  'refuses an anonymous press where two people are needed': {
    rules: { accepts: 'anonymous', count: 2 },
    counts: false,
    by: 'anonymous',
    note: /2 different people/u,
  },
  'refuses the approval of who started the run': {
    stated: 'alice',
    rules: { requester: { ...zoe, by: 'alice' } },
    counts: false,
    by: 'alice',
    note: /who started the run/u,
  },
  'refuses to let who started the run switch its mode': {
    choice: 'unplanned',
    stated: 'alice',
    rules: { requester: { ...zoe, by: 'alice' }, approvers: [] },
    counts: false,
    by: 'alice',
  },
  'lets who started the run refuse it': {
    choice: 'refuse',
    stated: 'alice',
    rules: { requester: { ...zoe, by: 'alice' } },
    counts: true,
    by: 'alice',
  },
  'lets who started the run intervene, though the inventory does not know them': {
    choice: 'retry',
    stated: 'zoe',
    rules: { approvers: [] },
    counts: true,
    by: 'zoe',
  },
  'refuses the same person twice': {
    stated: 'alice',
    rules: { count: 2, have: ['alice'] },
    counts: false,
    by: 'alice',
    note: /same person/u,
  },
  'refuses a worker': { sender: { ...attested('alice'), worker: true }, counts: false, by: 'alice', note: /no person/u },
  'refuses what was given before a reset': { sender: { ...attested('alice'), reset: true }, counts: false, by: 'alice', note: /reset/u },
  'refuses an empty reason': {
    choice: 'skip',
    stated: 'alice',
    reason: ' ',
    rules: { reasonNeeded: true, approvers: [] },
    counts: false,
    by: 'alice',
    note: /a reason is needed for "skip"/u,
  },
  'counts a given reason': {
    choice: 'skip',
    stated: 'alice',
    reason: 'known',
    rules: { reasonNeeded: true, approvers: [] },
    counts: true,
    by: 'alice',
  },
};

describe('the judge of decisions', () => {
  for (const [
    sentence,
    { choice = 'approve', sender = nobody, stated = null, reason = '', rules: change, counts, by, how, note },
  ] of Object.entries(cases)) {
    it(sentence, () => {
      const judgement = judge({ choice, sender, stated, reason }, { ...rules, ...change });
      assert.deepEqual([judgement.counts, judgement.by], [counts, by], judgement.note);
      if (how) assert.equal(judgement.how, how);
      assert.match(judgement.note, note ?? /^/u);
      if (!counts) assert.notEqual(judgement.note, '');
    });
  }
});

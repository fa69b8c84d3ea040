import type { StepContext } from '../step.ts';

/** What every resource is tagged with when it is made. */
export const tag = {
  run: 'lifeboat:run',
  /** When that run was started, ISO time: a later run may have the same name. */
  started: 'lifeboat:started',
  step: 'lifeboat:step',
  /** The key of run and step, by which a later attempt finds what an earlier one made. */
  key: 'lifeboat:key',
  system: 'lifeboat:system',
  /** `live` or `rehearsal`. */
  purpose: 'lifeboat:purpose',
  /** ISO time after which it may be removed; `never`. */
  expires: 'lifeboat:expires',
} as const;

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** @param keep milliseconds for which it is kept at least; absent: for ever. */
export function tagsFor(context: StepContext, keep?: number, more: { readonly [key: string]: string } = {}): Tag[] {
  const { run, step, key, system } = context;
  // Of the run's start, so that a later attempt writes the same.
  const expires = keep === undefined ? 'never' : new Date(Date.parse(run.startedAt) + keep).toISOString();
  const all = {
    [tag.run]: run.workflowId,
    [tag.started]: run.startedAt,
    [tag.step]: step.id,
    [tag.key]: key,
    [tag.system]: system.name,
    [tag.purpose]: run.live ? 'live' : 'rehearsal',
    [tag.expires]: expires,
    ...more,
  };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

/** The tags of an EC2 call that creates: one specification for each type of resource that it makes. */
export function tagSpecifications<Type extends string>(types: readonly Type[], tags: Tag[]): { ResourceType: Type; Tags: Tag[] }[] {
  return types.map((type) => ({ ResourceType: type, Tags: tags }));
}

/** Value of a tag, or undefined. */
export function tagOf(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  key: string,
): string | undefined {
  return tags?.find((one) => one.Key === key)?.Value;
}

import type { HostFacts, SystemFacts } from '../../plan/plan.ts';

/** A command that a person pastes into a shell (bash) where there is no Temporal. */
export interface HandCommand {
  /** MUST work as it stands, and MUST hold no secret, only where it is. */
  readonly run: string;
  /** What it must show, in words. */
  readonly shows: string;
}

/** What commands are made of. */
export interface HandFacts {
  /** The hosts that the input names. */
  host(name: string): HostFacts;
  readonly system: SystemFacts;
  /** The site from whose network the person sees the world. */
  readonly viewpoint: string;
}

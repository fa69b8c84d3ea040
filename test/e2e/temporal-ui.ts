import type { FrameLocator, Locator, Page } from 'playwright-core';

/** The Temporal UI as a person uses it: what is seen is looked for by role and words. */
export class TemporalUi {
  readonly #page: Page;
  readonly #base: string;

  constructor(page: Page, base: string) {
    this.#page = page;
    this.#base = base;
  }

  /** The list of runs, filtered by a search attribute, as a saved link opens it. */
  async list(query: string): Promise<void> {
    await this.#page.goto(`${this.#base}/namespaces/default/workflows?query=${encodeURIComponent(query)}`);
  }

  listed = (workflowId: string): Locator => this.#page.getByRole('row').getByRole('link', { name: workflowId, exact: true });

  /** From the list to the run's page. The list is as it was when it was loaded: a run that ended since may not be in it yet. */
  async open(workflowId: string): Promise<void> {
    const row = this.listed(workflowId);
    const listed = () =>
      row.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    for (let looks = 1; looks < 5 && !(await listed()); looks += 1) await this.#page.reload();
    await row.click();
    await this.#page.getByTestId('workflow-id-heading').getByText(workflowId).waitFor();
  }

  /** The page "Schedules". */
  async schedules(): Promise<void> {
    await this.#page.goto(`${this.#base}/namespaces/default/schedules`);
  }

  /** A row of it: next times, recent runs. */
  schedule = (id: string): Locator => this.#page.getByRole('row').filter({ has: this.#page.getByRole('link', { name: id, exact: true }) });

  async openSchedule(id: string): Promise<void> {
    await this.schedule(id).getByRole('link', { name: id, exact: true }).click();
    await this.#page.getByRole('heading', { name: id }).waitFor();
  }

  /** "Trigger" of the schedule's page, as it is offered: by the policy that the schedule has. */
  async trigger(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Schedule Actions' }).click();
    await this.#page.getByRole('menuitem', { name: 'Trigger' }).click();
    await visible(this.#page.getByRole('button', { name: 'Trigger' }))
      .last()
      .click();
  }

  status = (word: string): Locator => this.#page.getByTestId('execution-status').getByText(word).first();

  /** What the run says of itself now: Markdown, drawn in a frame of its own. */
  async details(): Promise<FrameLocator> {
    await this.#page.getByTestId('user-metadata-tab').click();
    return this.#page.frameLocator('iframe[title="output"]');
  }

  async memo(): Promise<string> {
    await this.#page.getByTestId('memo-tab').click();
    await this.#page.getByText('waiting').first().waitFor();
    return await this.#page.getByRole('main').innerText();
  }

  async timeline(): Promise<void> {
    await this.#page.getByTestId('timeline-tab').click();
    await this.#page.getByRole('heading', { name: 'Timeline' }).waitFor();
  }

  /** Opens the dialog "Send a Signal". */
  async signalDialog(): Promise<Locator> {
    await this.#page.getByRole('button', { name: 'More Actions' }).click();
    await visible(this.#page.getByTestId('signal-button')).first().click();
    const dialog = visible(this.#page.getByTestId('signal-confirmation-modal')).first();
    await dialog.waitFor();
    return dialog;
  }

  /** The names that the dialog offers, which stay on the screen. Without a worker it offers none. */
  async offered(dialog: Locator): Promise<string[]> {
    await dialog.getByTestId('signal-select-button').click();
    const options = visible(dialog.getByRole('option'));
    await options.first().waitFor();
    return (await options.allInnerTexts()).map((text) => text.split('\n')[0]!.trim());
  }

  pick = (dialog: Locator, name: RegExp): Promise<void> => visible(dialog.getByRole('option', { name })).click();

  /** The box in which a name is written where none is offered: the first of the dialog. */
  write = (dialog: Locator, name: string): Promise<void> => visible(dialog.getByRole('textbox')).first().fill(name);

  async submit(dialog: Locator): Promise<void> {
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await this.#page.getByText('Workflow signaled.').first().waitFor();
  }
}

/** The UI draws its dialogs twice, for wide and for narrow windows. */
const visible = (all: Locator): Locator => all.filter({ visible: true });

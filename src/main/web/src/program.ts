// The program in the editor together with what goes along with it: a job's arguments and limits are not edited here, but running a job's
// program again keeps them.
import type { Attachment, Draft, TextFile } from './drafts';
import type { JobFile, Spec } from './job';
import { t } from './texts';
import { fromSpec } from './uploads';

export class Program {
  private constructor(
    readonly draft: Draft,
    private readonly rest: Spec,
    /** One sentence on what goes along unseen; often empty. */
    readonly note: string,
  ) {}

  /** @param collect patterns of the files that it hands back */
  static of(draft: Draft, collect: string[] = []): Program {
    return new Program(draft, collect.length > 0 ? { collect } : {}, note([], [], collect));
  }

  static fromSpec(spec: Spec): Program {
    const entry = spec.entry ?? 'main.py';
    const all = spec.files ?? [];
    const main = spec.source === undefined ? all.find((file) => file.path === entry) : undefined;
    const files: TextFile[] = [];
    const attached: Attachment[] = [];
    for (const { path, content, content_base64 } of all.filter((file) => file !== main)) {
      const file = fromSpec(path, content, content_base64);
      if ('text' in file) files.push(file.text);
      else attached.push(file.attachment);
    }
    const draft = {
      source: spec.source ?? (main ? contentOf(main) : ''),
      stdin: spec.stdin ?? (spec.stdin_base64 ? decode(spec.stdin_base64) : ''),
      files,
      attached,
    };
    const { args, env, runtime, limits, collect } = spec;
    const rest: Spec = {
      ...(spec.entry !== undefined && { entry }),
      ...(args?.length && { args }),
      ...(env && Object.keys(env).length > 0 && { env }),
      ...(runtime !== undefined && { runtime }),
      ...(limits && { limits }),
      ...(collect?.length && { collect }),
    };
    return new Program(draft, rest, note(args ?? [], Object.keys(env ?? {}), collect ?? []));
  }

  /** The file that is run. */
  get entry(): string {
    return this.rest.entry ?? 'main.py';
  }

  /** The same program once an edit of it has been run: the edit is what it is now. */
  ranAs(draft: Draft, runtime: string | undefined): Program {
    return new Program(draft, { ...this.rest, runtime }, this.note);
  }

  /** The runtime it asks for; undefined for the server's default. */
  get runtime(): string | undefined {
    return this.rest.runtime;
  }

  /** What to send to run the edited program: with its whole input, or, when none is prepared, with what is typed then. */
  spec(edited: Draft, runtime: string | undefined): Spec {
    const input = edited.stdin === '' ? { interactive: true } : { stdin: edited.stdin };
    const files: JobFile[] = [...edited.files, ...edited.attached.map(({ size: _, ...file }) => file)];
    const { runtime: _runtime, ...rest } = this.rest;
    return { ...rest, ...(runtime && { runtime }), source: edited.source, ...(files.length > 0 && { files }), ...input };
  }
}

function note(args: string[], env: string[], collect: string[]): string {
  const parts = [
    args.length > 0 ? t.alongArgs(args.join(' ')) : '',
    env.length > 0 ? t.alongEnv(env.join(', ')) : '',
    collect.length > 0 ? t.alongCollect(collect.join(', ')) : '',
  ].filter(Boolean);
  return parts.length > 0 ? t.along(parts) : '';
}

function contentOf(file: JobFile): string {
  return file.content ?? (file.content_base64 ? decode(file.content_base64) : '');
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

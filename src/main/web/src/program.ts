// The program in the editor together with what goes along with it: a job's other files, arguments and limits are not edited here,
// but running a job's program again keeps them.
import type { Draft } from './drafts';
import type { JobFile, Spec } from './job';

export class Program {
  private constructor(
    readonly draft: Draft,
    private readonly rest: Spec,
    /** One sentence on what goes along unseen; often empty. */
    readonly note: string,
  ) {}

  static of(draft: Draft): Program {
    return new Program(draft, {}, '');
  }

  static fromSpec(spec: Spec): Program {
    const entry = spec.entry ?? 'main.py';
    const all = spec.files ?? [];
    const main = spec.source === undefined ? all.find((file) => file.path === entry) : undefined;
    const files = all.filter((file) => file !== main);
    const draft = {
      source: spec.source ?? (main ? contentOf(main) : ''),
      stdin: spec.stdin ?? (spec.stdin_base64 ? decode(spec.stdin_base64) : ''),
    };
    const { args, env, runtime, limits, collect } = spec;
    const rest: Spec = {
      ...(spec.entry !== undefined && { entry }),
      ...(files.length > 0 && { files }),
      ...(args?.length && { args }),
      ...(env && Object.keys(env).length > 0 && { env }),
      ...(runtime !== undefined && { runtime }),
      ...(limits && { limits }),
      ...(collect?.length && { collect }),
    };
    return new Program(draft, rest, note(files, args ?? [], Object.keys(env ?? {}), collect ?? []));
  }

  /** The same program once an edit of it has been run: the edit is what it is now. */
  ranAs(draft: Draft): Program {
    return new Program(draft, this.rest, this.note);
  }

  /** What to send to run the edited program. */
  spec(edited: Draft): Spec {
    return { ...this.rest, source: edited.source, ...(edited.stdin !== '' && { stdin: edited.stdin }) };
  }
}

function note(files: JobFile[], args: string[], env: string[], collect: string[]): string {
  const parts = [
    files.length > 0 ? `the files ${files.map((file) => file.path).join(', ')}` : '',
    args.length > 0 ? `the arguments ${args.join(' ')}` : '',
    env.length > 0 ? `the variables ${env.join(', ')}` : '',
    collect.length > 0 ? `the patterns of files to hand back ${collect.join(', ')}` : '',
  ].filter(Boolean);
  return parts.length > 0 ? `Goes along when you run it: ${parts.join('; ')}.` : '';
}

function contentOf(file: JobFile): string {
  return file.content ?? (file.content_base64 ? decode(file.content_base64) : '');
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

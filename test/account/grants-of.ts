/** Statements of roles, taken apart: one for each action and resource. */
export interface Grant {
  readonly fn: string;
  readonly action: string;
  /** `<logical id>` in the place of a name that CloudFormation makes, with what follows it; services without one have `*` */
  readonly resource: string;
}

export type Resources = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
>;

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const NAMELESS = /^(?:events|securityhub|appconfig):/;

/** What a role grants. @param name part of the logical id of the function, such as Score */
export function grantsIn(resources: Resources, name: string): Grant[] {
  const [, role] =
    Object.entries(resources).find(
      ([id, { Type }]) =>
        Type === 'AWS::IAM::Role' && new RegExp(`(?:Pipeline|TriageApi|Hunts)${name}Role`).test(id),
    ) ?? [];
  if (role === undefined) throw new Error(`no role of ${name}`);
  const policies = role.Properties?.Policies as readonly {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => ({
          fn: name,
          action: String(action),
          resource: NAMELESS.test(String(action)) ? '*' : nameOf(resource),
        })),
      ),
    );
}

/** `<id>` for a reference, and the text behind it, without what stands before. */
function nameOf(value: unknown): string {
  const text = flat(value);
  const at = text.indexOf('<');
  return at === -1 ? text : text.slice(at);
}

function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const held = value as Readonly<Record<string, unknown>>;
  if (typeof held.Ref === 'string') return held.Ref.startsWith('AWS::') ? '' : `<${held.Ref}>`;
  const attribute = held['Fn::GetAtt'];
  if (Array.isArray(attribute))
    return `<${String(attribute[0])}>${attribute[1] === 'StreamArn' ? '/stream' : ''}`;
  const joined = held['Fn::Join'];
  if (Array.isArray(joined)) return (joined[1] as readonly unknown[]).map(flat).join(String(joined[0]));
  throw new Error(`not a resource: ${JSON.stringify(value)}`);
}

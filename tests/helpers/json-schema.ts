/** The part of JSON Schema that docs/report.schema.json uses. */

type Schema = {
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  enum?: unknown[];
  anyOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
};

const typeOf = (value: unknown): string[] => {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number')
    return Number.isInteger(value) ? ['number', 'integer'] : Number.isFinite(value) ? ['number'] : ['nothing'];
  return [typeof value];
};

/** @returns what is wrong, with the place; empty when the value is as described. */
export function violations(value: unknown, schema: Schema, root: Schema = schema, at = '$'): string[] {
  const rule = schema.$ref ? root.$defs![schema.$ref.replace('#/$defs/', '')]! : schema;
  const types = rule.type === undefined ? null : [rule.type].flat();
  if (types && !typeOf(value).some((type) => types.includes(type)))
    return [`${at} is ${typeOf(value)[0]}, not ${types.join(' or ')}`];
  if (rule.enum && !rule.enum.includes(value)) return [`${at} is not one of ${rule.enum.join(', ')}`];
  if (rule.anyOf) {
    const tries = rule.anyOf.map((option) => violations(value, option, root, at));
    return tries.some((faults) => faults.length === 0) ? [] : tries.flat();
  }
  const found: string[] = [];
  if (typeof value === 'number') {
    if (rule.minimum !== undefined && value < rule.minimum) found.push(`${at} is below ${rule.minimum}`);
    if (rule.maximum !== undefined && value > rule.maximum) found.push(`${at} is above ${rule.maximum}`);
  } else if (Array.isArray(value)) {
    if (rule.items) value.forEach((entry, i) => found.push(...violations(entry, rule.items!, root, `${at}[${i}]`)));
  } else if (value !== null && typeof value === 'object') {
    const record = value as Record<string, unknown>;
    for (const key of rule.required ?? []) if (!(key in record)) found.push(`${at}.${key} is missing`);
    for (const [key, entry] of Object.entries(record)) {
      const inner = rule.properties?.[key] ?? rule.additionalProperties;
      if (inner && entry !== undefined) found.push(...violations(entry, inner, root, `${at}.${key}`));
    }
  }
  return found;
}

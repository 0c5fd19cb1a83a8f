import { z } from "zod";

/**
 * What editors and error messages know of a setting beside its type: what it is for, one value that fits, and, where a
 * pattern decides, what the pattern stands for in words.
 */
export interface Notes {
  readonly description: string;
  readonly example: unknown;
}

const meta = ({ description, example }: Notes) => ({ description, examples: [example] });

export const whole = (min: number, max: number, notes: Notes) => z.int().min(min).max(max).meta(meta(notes));

export const finite = (notes: Notes) => z.number().meta(meta(notes));

export const yesNo = (notes: Notes) => z.boolean().meta(meta(notes));

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words, notes: Notes) => z.enum(words).meta(meta(notes));

/** @param phrase what the pattern allows, in words: `an image id such as ami-…`. */
export const text = (pattern: RegExp, phrase: string, notes: Notes) =>
  z
    .string()
    .regex(pattern)
    .meta({ ...meta(notes), patternErrorMessage: phrase });

const hexId = (prefix: string) => new RegExp(`^${prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`);

/** An id that EC2 gave: prefix, hyphen, 8 or 17 hexadecimal digits. */
export const ec2Id = (prefix: string, description: string) =>
  text(hexId(prefix), `an id: ${prefix}- and 8 or 17 hexadecimal digits`, { description, example: `${prefix}-0123456789abcdef0` });

/** An ARN of one service; the partition is whatever the account's is. */
export const arn = (service: string, resource: string, description: string) =>
  text(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:\\d{12}:.+$`), `an ARN of ${service}`, {
    description,
    example: `arn:aws:${service}:eu-central-1:123456789012:${resource}`,
  });

/** Where a secret is stored; never the secret itself. */
export const secretName = (description: string, example: string) =>
  text(/^(?:ssm|secretsmanager):[A-Za-z0-9/_+=.@:-]{1,512}$/, "ssm:PARAMETER or secretsmanager:NAME", { description, example });

/** A word of a name: it becomes part of resource names and tags. */
export const word = (maxLength: number, notes: Notes) =>
  text(
    new RegExp(`^(?=.{1,${maxLength}}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`),
    `up to ${maxLength} lower-case letters, digits and single hyphens, beginning with a letter`,
    notes,
  );

export const accountIdPattern = /^\d{12}$/;

export const instanceType = (description: string) =>
  text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "an instance type such as m7i.large", { description, example: "t3.small" });

/** Text by name: tags, dimensions. */
export const table = (description: string, name: string, value: string) =>
  z
    .record(z.string().meta({ examples: [name] }), z.string().meta({ examples: [value] }))
    .meta({ description, examples: [{ [name]: value }] });

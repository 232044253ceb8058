import { describe, expect, it } from 'vitest';
import { compileFilters, compilePattern, type Json } from '../../lib/emulator/streams/filter-pattern.ts';

const document: Json = {
  eventName: 'MODIFY',
  dynamodb: { NewImage: { level: { S: 'suspect' }, score: { N: '7' } } },
  data: { score: 7.5, name: 'Alpha', tags: ['x', 'y'], empty: null },
};

const cases: [string, object, boolean][] = [
  ['a literal', { eventName: ['INSERT', 'MODIFY'] }, true],
  ['another literal', { eventName: ['REMOVE'] }, false],
  ['a string is not a number', { dynamodb: { NewImage: { score: { N: [7] } } } }, false],
  ['null', { data: { empty: [null] } }, true],
  ['an element of a list', { data: { tags: ['y'] } }, true],
  ['all fields must match', { eventName: ['MODIFY'], data: { name: ['Beta'] } }, false],
  ['exists', { dynamodb: { NewImage: { level: { S: [{ exists: true }] } } } }, true],
  ['exists looks at leaves only', { dynamodb: { NewImage: [{ exists: true }] } }, false],
  ['does not exist', { dynamodb: { NewImage: { notice: { S: [{ exists: false }] } } } }, true],
  ['prefix', { data: { name: [{ prefix: 'Al' }] } }, true],
  ['suffix', { data: { name: [{ suffix: 'pha' }] } }, true],
  ['equals-ignore-case', { data: { name: [{ 'equals-ignore-case': 'alpha' }] } }, true],
  ['numeric range', { data: { score: [{ numeric: ['>', 7, '<=', 7.5] }] } }, true],
  ['numeric of a string', { data: { name: [{ numeric: ['>', 0] }] } }, false],
  ['anything-but', { eventName: [{ 'anything-but': ['REMOVE'] }] }, true],
  ['anything-but a prefix', { data: { name: [{ 'anything-but': { prefix: 'Al' } }] } }, false],
  ['anything-but needs the field', { data: { missing: [{ 'anything-but': ['x'] }] } }, false],
  ['$or', { $or: [{ eventName: ['REMOVE'] }, { data: { name: ['Alpha'] } }] }, true],
  ['a nested field of something that is no object', { eventName: { inner: ['x'] } }, false],
];

describe('filter patterns', () => {
  it.each(cases)('%s', (_, pattern, matches) => {
    expect(compilePattern(JSON.stringify(pattern))(document)).toBe(matches);
  });

  it('several patterns are alternatives; none lets everything pass', () => {
    const patterns = [{ eventName: ['REMOVE'] }, { eventName: ['MODIFY'] }].map((one) => JSON.stringify(one));
    expect(compileFilters(patterns)(document)).toBe(true);
    expect(compileFilters(patterns.slice(0, 1))(document)).toBe(false);
    expect(compileFilters([])(undefined)).toBe(true);
  });

  it.each([
    ['{"a":[{"cidr":"10.0.0.0/8"}]}', '"a" uses the operator "cidr"'],
    ['{"a":{"b":"x"}}', '"a.b" must be a list'],
    ['{"a":[{"numeric":["~",1]}]}', 'numeric does not understand'],
    ['{', 'not JSON'],
  ])('refuses %s', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});

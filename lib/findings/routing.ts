import type { Policy } from '../policy/policy.ts';
import type { Notice } from './finding.ts';

/** Where people are told of a finding; see `notifications` in the policy. */
export type Route = Policy['notifications']['routes'][number];

/** The first route that fits a notice; undefined where none does: it is told at once, under no route's name. */
export function routeOf(notice: Notice, routes: readonly Route[]): Route | undefined {
  const { plan, product, type } = notice.subject;
  const groups = [product, `${product}/${plan}`, notice.peers.group];
  return routes.find(
    (route) =>
      (route.levels === undefined || route.levels.some((level) => level === notice.level)) &&
      (route.subjects === undefined || route.subjects.includes(type)) &&
      (route.peerGroups === undefined || route.peerGroups.some((group) => groups.includes(group))),
  );
}

type Attributes = Readonly<Record<string, string | number>>;

/**
 * A finding's attributes with the name of its route. SNS hands on ten where raw delivery is on, and there are ten: the
 * route takes the place of `finding`, which the message itself has.
 */
export function withRoute(attributes: Attributes, route: Route | undefined): Attributes {
  if (route === undefined) return attributes;
  const { finding: _, ...others } = attributes;
  return { ...others, route: route.name };
}

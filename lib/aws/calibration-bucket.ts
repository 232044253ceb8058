import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { CALIBRATION_PREFIX } from '../contract/object-prefixes.ts';
import type { Calibration } from '../scoring/calibration.ts';
import {
  CalibrationMissing,
  CalibrationOfOtherFormat,
  type CalibrationStore,
  type DriftHold,
  driftHold,
  parseCalibration,
} from '../stores/calibration-store.ts';

let shipped: Promise<Calibration> | undefined;

/** The calibration of the package, loaded once a process when first asked for: two thirds of a megabyte, which a deployment with one of its own never reads. */
export function shippedCalibration(): Promise<Calibration> {
  shipped ??= import('../scoring/default-calibration.ts').then((module) => module.defaultCalibration);
  return shipped;
}

/** A hold is read again after so long, ms: it is written once a day. */
const HOLD_MS = 300_000;

/** The one owner of the state bucket's `calibrations/` prefix: one JSON object an id, whose content is never overwritten; and what the last comparison said of each. */
export class CalibrationBucket implements CalibrationStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly held = new Map<string, Calibration>();
  private readonly now: () => number;
  #lastHold: { readonly id: string; readonly at: number; readonly hold: DriftHold | undefined } | undefined;

  /** @param now ms */
  constructor(client: S3Client, bucket: string, now: () => number = Date.now) {
    this.client = client;
    this.bucket = bucket;
    this.now = now;
  }

  async get(id: string): Promise<Calibration> {
    if (id === 'default') return shippedCalibration();
    const known = this.held.get(id);
    if (known !== undefined) return known;
    const text = await this.#read(`${CALIBRATION_PREFIX}${id}.json`);
    if (text === undefined) throw new CalibrationMissing(id);
    const parsed = parseCalibration(id, text);
    this.held.set(id, parsed);
    return parsed;
  }

  async #read(key: string): Promise<string | undefined> {
    try {
      const object = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return (await object.Body?.transformToString()) ?? '';
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** The one that was put last, of those in this version's format; undefined where there is none. */
  async newest(): Promise<Calibration | undefined> {
    const stored: { readonly id: string; readonly at: number }[] = [];
    const pages = paginateListObjectsV2(
      { client: this.client },
      { Bucket: this.bucket, Prefix: CALIBRATION_PREFIX },
    );
    for await (const { Contents = [] } of pages)
      for (const { Key = '', LastModified } of Contents) {
        const id = /^calibrations\/([^/]+)\.json$/.exec(Key)?.[1];
        if (id !== undefined) stored.push({ id, at: LastModified?.getTime() ?? 0 });
      }
    for (const { id } of stored.sort((a, b) => b.at - a.at)) {
      try {
        return await this.get(id);
      } catch (error) {
        if (!(error instanceof CalibrationOfOtherFormat)) throw error;
      }
    }
    return undefined;
  }

  async hold(id: string): Promise<DriftHold | undefined> {
    const now = this.now();
    const known = this.#lastHold;
    if (known?.id === id && now - known.at < HOLD_MS) return known.hold;
    const text = await this.#read(holdKey(id));
    const hold = text === undefined ? undefined : driftHold.parse(JSON.parse(text));
    this.#lastHold = { id, at: now, hold };
    return hold;
  }

  async putHold(hold: DriftHold): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: holdKey(hold.calibration),
        Body: JSON.stringify(hold),
        ContentType: 'application/json',
      }),
    );
  }

  async put(held: Calibration): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: `${CALIBRATION_PREFIX}${held.id}.json`,
        Body: JSON.stringify(held),
        ContentType: 'application/json',
      }),
    );
  }
}

/** Beside the calibrations, where whoever reads them may read it too; no calibration's id has a slash. */
function holdKey(id: string): string {
  return `${CALIBRATION_PREFIX}holds/${id}.json`;
}

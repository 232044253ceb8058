import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Calibration, calibration as schema } from '../scoring/calibration.ts';
import { defaultCalibration } from '../scoring/default-calibration.ts';
import { reasonOf } from '../telemetry/reason.ts';

export interface CalibrationStore {
  /** @throws CalibrationMissing where there is none of that id, CalibrationDamaged where it cannot be used */
  get(id: string): Promise<Calibration>;
  put(held: Calibration): Promise<void>;
}

export class CalibrationMissing extends Error {
  override readonly name = 'CalibrationMissing';
  constructor(id: string) {
    super(`calibration ${id}: there is none of that id; the policy must name one that exists, or "default"`);
  }
}

export class CalibrationDamaged extends Error {
  override readonly name = 'CalibrationDamaged';
  constructor(id: string, why: string, options?: { cause: unknown }) {
    super(`calibration ${id}: damaged, or of another version: ${why}`, options);
  }
}

/** The one owner of the state bucket's `calibrations/` prefix: one JSON object an id; ids are never overwritten with other content. */
export class CalibrationBucket implements CalibrationStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly held = new Map<string, Calibration>();

  constructor(client: S3Client, bucket: string) {
    this.client = client;
    this.bucket = bucket;
  }

  async get(id: string): Promise<Calibration> {
    if (id === 'default') return defaultCalibration;
    const known = this.held.get(id);
    if (known !== undefined) return known;
    const parsed = parseCalibration(id, await this.#read(id));
    this.held.set(id, parsed);
    return parsed;
  }

  async #read(id: string): Promise<string> {
    try {
      const object = await this.client.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: `calibrations/${id}.json` }),
      );
      return (await object.Body?.transformToString()) ?? '';
    } catch (error) {
      if (error instanceof NoSuchKey) throw new CalibrationMissing(id);
      throw error;
    }
  }

  async put(held: Calibration): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: `calibrations/${held.id}.json`,
        Body: JSON.stringify(held),
        ContentType: 'application/json',
      }),
    );
  }
}

function parseCalibration(id: string, text: string): Calibration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CalibrationDamaged(id, 'not JSON', { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { field, message, value } = reasonOf(parsed.error, json);
    throw new CalibrationDamaged(id, `${field}: ${message} (got ${value})`);
  }
  if (parsed.data.id !== id) throw new CalibrationDamaged(id, `id: it calls itself ${parsed.data.id}`);
  return parsed.data;
}

import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Calibration } from '../scoring/calibration.ts';
import { CalibrationMissing, type CalibrationStore, parseCalibration } from '../stores/calibration-store.ts';

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
    // two thirds of a megabyte, which a deployment with a calibration of its own never reads
    if (id === 'default') return (await import('../scoring/default-calibration.ts')).defaultCalibration;
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

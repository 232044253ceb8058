import type { FlushPart } from '../../../backtest/shards/messages.ts';
import { ShardTracks } from '../../../backtest/shards/shard-tracks.ts';
import { FrameWriter, readFrames } from '../../replay/frame-file.ts';
import { WorkFolder } from './work-folder.ts';

/**
 * The process of one shard: replays its events while they are still being divided, and writes what it reports of them.
 * Arguments: the run's folder and the shard's number. It ends with whoever started it.
 */

/** What a shard's process tells: how many events it has replayed. */
export interface ShardNews {
  readonly events: number;
}

async function main(folder: WorkFolder, shard: number): Promise<void> {
  const { tracks, labelled } = await folder.rules();
  const shardTracks = new ShardTracks(tracks, new Set(labelled));
  const writer = await FrameWriter.open(folder.report(shard));
  let events = 0;
  // while events are divided there is more to come; the end of a file that is whole is its end
  const grows = (await folder.divided()) === undefined ? () => true : undefined;
  for await (const frames of readFrames(folder.events(shard), grows)) {
    for (const [, text] of frames) {
      const part = JSON.parse(text as string) as FlushPart;
      events += part.arrivals.length;
      for (const frame of shardTracks.take(part)) await writer.put(frame);
    }
    await writer.flush();
    process.send?.({ events } satisfies ShardNews);
  }
  for (const frame of shardTracks.end()) await writer.put(frame);
  await writer.end();
  await writer.close();
}

// Ctrl-C reaches all processes of a terminal: the one that started this one decides
process.on('SIGINT', () => undefined);
const onOrphaned = (): never => process.exit(1);
process.once('disconnect', onOrphaned);
const [, , path = '', shard = ''] = process.argv;
await main(new WorkFolder(path), Number(shard));
process.off('disconnect', onOrphaned);
process.disconnect();

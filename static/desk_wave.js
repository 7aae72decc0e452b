// Turns a sound of any kind that the browser plays into the WAV file that the server accepts: one channel, 16 bits.

const RATE = 24_000; // samples a second, enough for a voice
const SILENCE = 0.02; // of full scale
const MARGIN = RATE / 5; // samples kept before and after the voice
const LOUDEST = 0.9; // of full scale, so that all recordings are about as loud
const HEADER = 44; // bytes before the samples of a WAV file

/** The samples of a sound as one channel at RATE, without silence at its ends, at the usual loudness; all of them as
 * they are if nothing is louder than SILENCE. Rejects if the browser cannot read the sound. */
async function samplesOf(blob) {
  const decoder = new OfflineAudioContext(1, 1, RATE);
  const sound = await decoder.decodeAudioData(await blob.arrayBuffer());
  const channels = Array.from({ length: sound.numberOfChannels }, (_, at) => sound.getChannelData(at));
  const mono = channels[0].map(
    (_, at) => channels.reduce((sum, each) => sum + each[at], 0) / channels.length,
  );
  const isLoud = (sample) => Math.abs(sample) > SILENCE;
  const first = Math.max(0, mono.findIndex(isLoud) - MARGIN);
  const voice = mono.slice(first, mono.findLastIndex(isLoud) + MARGIN);
  const peak = voice.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return peak > SILENCE ? voice.map((sample) => (sample * LOUDEST) / peak) : mono;
}

/** A WAV file with 16 bits a sample. */
function waveOf(samples) {
  const view = new DataView(new ArrayBuffer(HEADER + 2 * samples.length));
  const text = (at, letters) => {
    for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true); // bytes of a sample
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let at = 0; at < samples.length; at++) view.setInt16(HEADER + 2 * at, 32767 * samples[at], true);
  return new File([view.buffer], "recording.wav", { type: "audio/wav" });
}

/** A WAV file of a voice. Rejects if the browser cannot read the sound. */
export const recordingOf = async (blob) => waveOf(await samplesOf(blob));

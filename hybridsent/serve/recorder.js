// Sound of the microphone as a wav file of 16 kHz, which every server reads, whatever a browser records.

const RATE = 16000;

export class Refused extends Error {
  constructor(key, why) { super(key); this.key = key; this.why = why || ""; }
}

export async function record(mostSeconds, ticked) {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia || !window.MediaRecorder) {
    throw new Refused(window.isSecureContext ? "mic_none" : "mic_insecure");
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    if (error.name === "NotAllowedError" || error.name === "SecurityError") { throw new Refused("mic_denied"); }
    if (error.name === "NotFoundError") { throw new Refused("mic_none"); }
    throw new Refused("mic_failed", error.name);
  }
  const machine = new MediaRecorder(stream), parts = [], began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  machine.addEventListener("dataavailable", (event) => { if (event.data.size) { parts.push(event.data); } });
  const ended = new Promise((done) => machine.addEventListener("stop", done, { once: true }));
  const clock = setInterval(() => {
    ticked(seconds());
    if (seconds() >= mostSeconds) { stop(); }
  }, 200);
  function stop() { if (machine.state !== "inactive") { machine.stop(); } }
  machine.start();
  const file = ended.then(async () => {
    clearInterval(clock);
    stream.getTracks().forEach((track) => track.stop());
    try {
      return await asWav(new Blob(parts), mostSeconds);
    } catch (error) {
      if (error instanceof Refused) { throw error; }
      throw new Refused("mic_failed", error.name);
    }
  });
  return { stop, file };
}

async function asWav(blob, mostSeconds) {
  if (!blob.size) { throw new Refused("mic_short"); }
  const reader = new AudioContext();
  let sound;
  try { sound = await reader.decodeAudioData(await blob.arrayBuffer()); } finally { reader.close(); }
  const n = Math.floor(Math.min(sound.duration, mostSeconds) * RATE);
  if (!n) { throw new Refused("mic_short"); }
  const room = new OfflineAudioContext(1, n, RATE), source = room.createBufferSource();
  source.buffer = sound;
  source.connect(room.destination);
  source.start();
  const values = (await room.startRendering()).getChannelData(0);
  return { blob: new Blob([wav(values)], { type: "audio/wav" }), seconds: n / RATE };
}

function wav(values) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * values.length));
  const write = (at, text) => { for (let i = 0; i < text.length; i += 1) { bytes.setUint8(at + i, text.charCodeAt(i)); } };
  write(0, "RIFF"); bytes.setUint32(4, 36 + 2 * values.length, true); write(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true); bytes.setUint32(28, 2 * RATE, true); bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true);
  write(36, "data"); bytes.setUint32(40, 2 * values.length, true);
  for (let i = 0; i < values.length; i += 1) {
    bytes.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, values[i])) * 32767, true);
  }
  return bytes.buffer;
}

// Scores a record, reports an outcome and reads a refusal: `FAROL_URL=... FAROL_API_KEY=... node farol.mjs`
import { randomUUID } from "node:crypto";

const url = process.env.FAROL_URL ?? "http://127.0.0.1:8000";
const key = process.env.FAROL_API_KEY;
const tries = 5;

// A call with a key of its own may be sent again: what was done is not done twice.
async function post(path, body, callKey = randomUUID()) {
  const headers = { "content-type": "application/json", "idempotency-key": callKey };
  if (key) headers.authorization = `Bearer ${key}`;
  for (let tried = 1; ; tried += 1) {
    let answer;
    try {
      answer = await fetch(`${url}/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    } catch (error) {
      if (tried >= tries) throw error;
    }
    if (answer?.ok) return answer.json();
    const asked = answer?.headers.get("retry-after");
    const mayHelp = !answer || [408, 429, 502, 503, 504].includes(answer.status) || (answer.status === 409 && asked);
    if (!mayHelp || tried >= tries) {
      const problem = await answer.json();
      throw Object.assign(new Error(problem.detail), { status: answer.status, errors: problem.errors ?? [] });
    }
    const seconds = Number(asked ?? 0) || 0.25 * 2 ** (tried - 1) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

const record = { student_id: "RA-js", inde: 5.4, ida: 4.2, fase: 3, pedra: "quartzo" };
const callKey = randomUUID();
const scored = await post("/predict", record, callKey);
console.log(`status: ${scored.status}, by ${scored.model_version}`);

const again = await post("/predict", record, callKey);
console.log(`the same answer again: ${again.prediction_id === scored.prediction_id}`);

const told = await post("/labels", { prediction_id: scored.prediction_id, outcome: 1 });
console.log(`accepted ${told.accepted}, rejected ${told.rejected.length}`);

try {
  await post("/predict", { student_id: "RA-js", ida: 99, mat: "ten" });
} catch (refused) {
  console.log(`refused: ${refused.errors.map((one) => `${one.field}: ${one.detail}`).join("; ")}`);
}

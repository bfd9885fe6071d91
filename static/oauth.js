// The last page of a sign-in tells its opener, when it has one, and closes when all went well.
// The portal does not rely on it: it asks for itself how the sign-in ended.
const ended = document.getElementById("ended");
if (ended) {
  const { status } = ended.dataset;
  window.opener?.postMessage({ type: "jackfield.sign-in", status }, window.location.origin);
  if (status === "connected") window.setTimeout(() => window.close(), 1500);
}

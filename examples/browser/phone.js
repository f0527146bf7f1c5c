/* global JsSIP */
// A phone of a page: registers over WebSocket, calls, and is called. JsSIP speaks SIP; the browser does the rest.
const find = (id) => document.getElementById(id);
const show = (id, text) => {
  find(id).textContent = text;
};

show('registration', 'not registered');

let phone = null;
let session = null;

find('line').addEventListener('submit', (event) => {
  event.preventDefault();
  const { server, address } = event.target.elements;
  phone?.stop();
  phone = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(server.value)],
    uri: address.value,
    register: true,
    session_timers: false,
  });
  phone.on('registered', () => show('registration', `registered as ${address.value}`));
  phone.on('unregistered', () => show('registration', 'not registered'));
  phone.on('registrationFailed', ({ cause }) => show('registration', `not registered: ${cause}`));
  phone.on('disconnected', () => show('registration', 'no connection to the server'));
  phone.on('newRTCSession', ({ session: begun, originator }) => begin(begun, originator === 'remote'));
  phone.start();
});

find('dial').addEventListener('submit', (event) => {
  event.preventDefault();
  phone?.call(event.target.elements.target.value, { mediaConstraints: { audio: true, video: false } });
});
find('answer').addEventListener('click', () =>
  session?.answer({ mediaConstraints: { audio: true, video: false } }),
);
find('hang-up').addEventListener('click', () => session?.terminate());

function begin(begun, isIncoming) {
  if (session !== null) {
    begun.terminate(); // one call at a time
    return;
  }
  session = begun;
  const other = begun.remote_identity.uri.toString();
  find('answer').disabled = !isIncoming;
  find('hang-up').disabled = false;
  show('call', isIncoming ? `${other} is calling` : `calling ${other}`);
  // further candidates would delay the call by seconds
  begun.on('icecandidate', ({ ready }) => setTimeout(() => ready(), 500));
  begun.on('progress', () => show('call', isIncoming ? `${other} is calling` : `${other} rings`));
  begun.on('confirmed', () => {
    find('answer').disabled = true;
    show('call', `talking to ${other}`);
  });
  begun.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
  if (begun.connection) listen(begun.connection);
  const end = ({ cause }) => {
    session = null;
    find('answer').disabled = true;
    find('hang-up').disabled = true;
    show('call', `the call has ended: ${cause}`);
  };
  begun.on('ended', end);
  begun.on('failed', end);
}

/** Plays what the other side says. */
function listen(connection) {
  connection.addEventListener('track', ({ streams }) => {
    find('voice').srcObject = streams[0];
  });
}

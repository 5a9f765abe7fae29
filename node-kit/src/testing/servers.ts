import http from "node:http";
import net, { type AddressInfo } from "node:net";

/** A server on a free loopback port, with what the tests need to know about it. */
export type TestServer = { url: string; port: number; connections(): number; close(): Promise<void> };

async function listen(server: net.Server | http.Server): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  server.on("connection", (socket: net.Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A peer that hangs up on us is what many of these tests are about.
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, port, connections: () => connections, close };
}

/** Serves HTTP by Node's own parser. */
export function serveHttp(handler: http.RequestListener): Promise<TestServer> {
  return listen(http.createServer(handler));
}

/** Serves raw bytes: for answers that no well-behaved server would give. */
export function serveRaw(handler: (socket: net.Socket) => void): Promise<TestServer> {
  return listen(net.createServer((socket) => socket.once("data", () => handler(socket))));
}

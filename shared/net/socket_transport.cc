// SPDX-License-Identifier: Apache-2.0
#include "shared/net/socket_transport.h"

#include <utility>

#include "shared/net/tcp_transport.h"
#include "shared/net/tls_transport.h"

namespace sluice {

std::unique_ptr<Transport> make_socket_transport(Shard& shard, AcceptedSocket socket) {
  if (socket.ssl != nullptr) return std::make_unique<TlsTransport>(shard, std::move(socket));
  return std::make_unique<TcpTransport>(shard, std::move(socket));
}

}  // namespace sluice

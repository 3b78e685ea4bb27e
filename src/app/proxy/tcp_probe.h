#pragma once

#include <boost/asio/io_context.hpp>

#include "app/agent/front.h"

namespace hitless::app {

/// Adds /healthz/tcp/PORT (proxy/sidecar.h) to the status door: tcpSocket probes of ports whose
/// connections the proxy takes. Asked by the pod's address, as kubelets do, it tries that one.
void addTcpProbe(boost::asio::io_context& io, Front& status);

}  // namespace hitless::app

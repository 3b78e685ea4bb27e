#include "app/apiserver.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "base/text.h"
#include "sys/api/api_server.h"
#include "sys/clock/real_clock.h"
#include "sys/files/files.h"
#include "sys/http/server.h"
#include "sys/timeline/file_sink.h"

namespace hitless::app {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:0";
  std::string dir;
  std::string token;
  std::string timeline;
  std::size_t history = 10000;
  bool gate = false;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

Result<Endpoint> parseEndpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = parseUint(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (!port || *port > 65535) {
    return invalid("\"" + text + "\" is not HOST:PORT", "use --listen 127.0.0.1:0");
  }
  return Endpoint{text.substr(0, colon), static_cast<std::uint16_t>(*port)};
}

Status serve(const Flags& flags) {
  const Endpoint endpoint = TRY(parseEndpoint(flags.listen));
  TRY_VOID(sys::makeDirectories(flags.dir, 0700));
  auto timeline = TRY(sys::TimelineFile::open(flags.timeline));
  const sys::RealClock clock;
  sys::RealRng rng;
  boost::asio::io_context io(1);
  const int fd = TRY(sys::listenTcp(endpoint.host, endpoint.port));
  const std::string url =
      "https://" + endpoint.host + ":" + std::to_string(TRY(sys::boundPort(fd)));
  sys::ApiServerOptions options;
  options.listeningFds = {fd};
  options.dir = flags.dir;
  options.token = flags.token;
  options.historyLimit = flags.history;
  options.gate = flags.gate;
  const auto server = TRY(sys::ApiServer::start(io, clock, rng, timeline, std::move(options)));
  const std::string kubeconfig = flags.dir + "/kubeconfig";
  TRY_VOID(server->writeKubeconfig(kubeconfig, url));
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  std::printf("serving %s, kubeconfig %s\n", url.c_str(), kubeconfig.c_str());
  std::fflush(stdout);
  io.run();
  return {};
}

}  // namespace

std::function<int()> addApiserver(CLI::App& parser) {
  const auto flags = std::make_shared<Flags>();
  parser.add_option("--listen", flags->listen, "HOST:PORT; port 0 lets the kernel choose");
  parser.add_option("--dir", flags->dir, "Directory for keys, logs and the kubeconfig")->required();
  parser.add_option("--token", flags->token, "Bearer token that requests need");
  parser.add_option("--timeline", flags->timeline, "File to append timeline events to");
  parser.add_option("--history", flags->history, "Changes that watches can go back");
  parser.add_flag("--gate", flags->gate, "Inject the gate's preStop hook into pods");
  return [flags] {
    if (const Status served = serve(*flags); !served) {
      std::fprintf(stderr, "hitless apiserver: %s\n", served.error().text().c_str());
      return 1;
    }
    return 0;
  };
}

}  // namespace hitless::app

#include "sys/api/api_server.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include "core/control/api_sink.h"
#include "core/control/bootstrap.h"
#include "core/control/memory_store.h"
#include "sys/api/api_service.h"
#include "sys/api/kubeconfig_writer.h"
#include "sys/api/log_files.h"
#include "sys/files/files.h"
#include "sys/tls/certificates.h"

namespace hitless::sys {
namespace {

constexpr nanoseconds kExpireEvery = seconds{60};

control::Registry::Options registryOptions(const ApiServerOptions& options) {
  control::Registry::Options out;
  out.ranges.services = options.serviceCidr;
  out.admission.gate = options.gate;
  return out;
}

ServerNames serverNames(const ApiServerOptions& options) {
  ServerNames names{options.dnsNames, options.ips};
  for (const char* name : {"localhost", "kubernetes", "kubernetes.default",
                           "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}) {
    names.dnsNames.emplace_back(name);
  }
  for (const std::string& ip :
       {std::string("127.0.0.1"), std::string("::1"), options.serviceCidr.masked().at(1).text()}) {
    names.ips.push_back(ip);
  }
  if (options.podAddress) {
    names.ips.push_back(options.podAddress->text());
  }
  return names;
}

class Server : public ApiServer {
 public:
  Server(boost::asio::io_context& io, const Clock& clock, Rng& rng, timeline::Sink& timeline,
         const ApiServerOptions& options)
      : options_(options),
        store_(options.historyLimit),
        registry_(store_, clock, rng, timeline, registryOptions(options)),
        sink_(registry_),
        api_(registry_, {options.token, ""}),
        logs_(options.dir + "/logs"),
        service_(io, api_, logs_, WatchHubOptions{options.bookmarkEvery}),
        expiry_(io) {}
  ~Server() override { stop(); }

  Status open(boost::asio::io_context& io, WallTime now) {
    const std::string pki = options_.dir + "/pki";
    TRY_VOID(makeDirectories(pki, 0700));
    const KeyPair authority = TRY(loadOrMakeAuthority(pki, now));
    const KeyPair certificate = TRY(issueServerCertificate(authority, serverNames(options_), now));
    caPem_ = authority.certificatePem;
    control::BootstrapOptions first;
    first.services = options_.serviceCidr;
    first.address = options_.podAddress;
    first.port = options_.podPort;
    first.dns = options_.dnsAddress;
    TRY_VOID(control::bootstrap(registry_, first));
    HttpServerOptions http;
    http.certificatePem = certificate.certificatePem;
    http.keyPem = certificate.keyPem;
    http.tooLargeBody =
        boost::json::serialize(control::statusOf(control::tooLargeBody(http.maxBodyBytes)));
    for (const int fd : options_.listeningFds) {
      servers_.push_back(TRY(HttpServer::start(
          io, fd, http, [this](HttpRequest request, std::shared_ptr<HttpResponder> responder) {
            service_.handle(std::move(request), std::move(responder));
          })));
    }
    expireEvents();
    return {};
  }

  control::Store& store() override { return store_; }
  control::ActionSink& actions() override { return sink_; }
  const std::string& caPem() const override { return caPem_; }
  std::size_t watchCount() const override { return service_.watches().size(); }

  Status writeKubeconfig(const std::string& path, const std::string& serverUrl) const override {
    return sys::writeKubeconfig(path, {"hitless", serverUrl, caPem_, options_.token});
  }

  void stop() override {
    expiry_.cancel();
    for (const auto& server : servers_) {
      server->stop();
    }
  }

 private:
  void expireEvents() {
    expiry_.expires_after(kExpireEvery);
    expiry_.async_wait([this](boost::system::error_code error) {
      if (!error) {
        registry_.events().expire(options_.eventLifetime);
        expireEvents();
      }
    });
  }

  ApiServerOptions options_;
  control::MemoryStore store_;
  control::Registry registry_;
  control::ApiSink sink_;
  control::Api api_;
  LogFiles logs_;
  ApiService service_;
  std::string caPem_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
  boost::asio::steady_timer expiry_;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(boost::asio::io_context& io, const Clock& clock,
                                                    Rng& rng, timeline::Sink& timeline,
                                                    ApiServerOptions options) {
  auto server = std::make_unique<Server>(io, clock, rng, timeline, options);
  TRY_VOID(server->open(io, clock.wall()));
  return server;
}

}  // namespace hitless::sys

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sys/kube/client.h"
#include "testing/fake_clock.h"
#include "testing/tls_server.h"

namespace hitless::sys {
namespace {

using hitless::testing::TestCertificate;
using hitless::testing::TlsServer;
using ::testing::HasSubstr;
using ::testing::Not;

/// One request to a server with the certificate: the error, or "" if it was answered.
std::string tryServer(const TestCertificate& certificate, const std::string& caPem,
                      const std::string& host, const std::string& serverName = "") {
  TlsServer server(certificate, [](TlsServer::Connection& peer, int) {
    if (!peer.readRequest().empty()) {
      peer.answer("{}");
    }
  });
  boost::asio::io_context io;
  hitless::testing::FakeClock clock;
  KubeConfig config;
  config.host = host;
  config.port = server.port();
  config.caPem = caPem;
  config.tlsServerName = serverName;
  const auto client = *KubeClient::create(io, clock, config);
  std::string error = "never called";
  KubeClient::Request request;
  request.target = "/version";
  client->send(request, [&](const Result<HttpResponse>& response) {
    error = response ? "" : response.error().text();
  });
  io.run();
  if (!error.empty()) {
    EXPECT_THAT(error, HasSubstr(host + ":" + std::to_string(server.port()))) << "which server";
  }
  return error;
}

TEST(TlsTrust, AcceptsTheNameOrAddressOfTheCertificate) {
  const auto both = TestCertificate::make("IP:127.0.0.1,DNS:localhost");
  EXPECT_EQ(tryServer(both, both.certPem, "127.0.0.1"), "");
  EXPECT_EQ(tryServer(both, both.certPem, "localhost"), "");
  const auto wildcard = TestCertificate::make("DNS:*.example.org");
  EXPECT_EQ(tryServer(wildcard, wildcard.certPem, "127.0.0.1", "api.example.org"), "");
}

TEST(TlsTrust, RefusesAnotherAuthority) {
  const auto error =
      tryServer(TestCertificate::make(), TestCertificate::make().certPem, "127.0.0.1");
  EXPECT_THAT(error, HasSubstr("certificate is not accepted: self-signed"));
  EXPECT_THAT(error, HasSubstr("check the server's address, and certificate-authority"));
}

TEST(TlsTrust, RefusesAnotherNameOrAddress) {
  const auto address = TestCertificate::make("IP:127.0.0.1");
  EXPECT_THAT(tryServer(address, address.certPem, "localhost"),
              HasSubstr("it is not for localhost"));
  EXPECT_THAT(tryServer(address, address.certPem, "127.0.0.1", "api.example.org"),
              HasSubstr("it is not for api.example.org"));
  const auto name = TestCertificate::make("DNS:localhost");
  EXPECT_THAT(tryServer(name, name.certPem, "127.0.0.1"), HasSubstr("it is not for 127.0.0.1"));
  const auto other = TestCertificate::make("IP:127.0.0.2");
  EXPECT_THAT(tryServer(other, other.certPem, "127.0.0.1"), HasSubstr("tls-server-name"));
}

TEST(TlsTrust, RefusesTheCommonNameOnly) {
  const auto other = TestCertificate::make("DNS:somewhere.else");  // Its CN is "test".
  EXPECT_THAT(tryServer(other, other.certPem, "127.0.0.1", "test"), Not(HasSubstr("never called")));
  EXPECT_THAT(tryServer(other, other.certPem, "127.0.0.1", "test"), HasSubstr("not for test"));
}

TEST(TlsTrust, RefusesAnExpiredCertificate) {
  const auto old = TestCertificate::make("IP:127.0.0.1", -60);
  const auto error = tryServer(old, old.certPem, "127.0.0.1");
  EXPECT_THAT(error, HasSubstr("expired"));
  EXPECT_THAT(error, HasSubstr("renew the server's certificate"));
}

}  // namespace
}  // namespace hitless::sys

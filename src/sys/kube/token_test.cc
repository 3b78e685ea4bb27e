#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

#include "sys/kube/client.h"
#include "sys/kube/token_source.h"
#include "testing/fake_clock.h"
#include "testing/temp_folder.h"
#include "testing/tls_server.h"

namespace hitless::sys {
namespace {

using hitless::testing::TestCertificate;
using hitless::testing::TlsServer;
using ::testing::ElementsAre;

struct TokenTest : ::testing::Test {
  hitless::testing::TempFolder folder;
  hitless::testing::FakeClock clock;

  std::string file() const { return folder.path() / "token"; }
  void write(const std::string& token) const { folder.write("token", token); }
};

TEST_F(TokenTest, IsReadAgainAfterAMinute) {
  write("one\n");
  TokenSource source(clock, "given", file());
  EXPECT_EQ(source.current(), "one") << "the file wins";
  write("two");
  clock.advance(seconds(59));
  EXPECT_EQ(source.current(), "one");
  clock.advance(seconds(1));
  EXPECT_EQ(source.current(), "two");
}

TEST_F(TokenTest, IsReadAtOnceWhenRefused) {
  write("one");
  TokenSource source(clock, "", file());
  EXPECT_EQ(source.current(), "one");
  EXPECT_FALSE(source.refused("one")) << "there is no other one";
  write("two");
  EXPECT_TRUE(source.refused("one"));
  EXPECT_EQ(source.current(), "two");
  EXPECT_TRUE(source.refused("one")) << "an old request's refusal says nothing about the new token";
}

TEST_F(TokenTest, OutlivesAFileThatCannotBeRead) {
  write("one");
  TokenSource source(clock, "", file());
  EXPECT_EQ(source.current(), "one");
  for (const bool empty : {false, true}) {
    empty ? write("") : static_cast<void>(std::filesystem::remove(file()));
    clock.advance(seconds(61));
    EXPECT_EQ(source.current(), "one");
  }
  write("two");
  clock.advance(seconds(61));
  EXPECT_EQ(source.current(), "two");
}

TEST_F(TokenTest, AFixedTokenStays) {
  TokenSource source(clock, "fixed", "");
  clock.advance(seconds(3600));
  EXPECT_EQ(source.current(), "fixed");
  EXPECT_FALSE(source.refused("fixed"));
}

/// A server that accepts one token only and notes what it was shown.
struct RefusingServer {
  std::vector<std::string> seen;
  TestCertificate certificate = TestCertificate::make();
  std::string accepted;
  TlsServer server{certificate, [this](TlsServer::Connection& peer, int) {
                     for (std::string head = peer.readRequest(); !head.empty();
                          head = peer.readRequest()) {
                       const auto begin = head.find("Bearer ") + 7;
                       seen.push_back(head.substr(begin, head.find('\r', begin) - begin));
                       peer.answer("{}", seen.back() == accepted ? 200 : 401);
                     }
                   }};
};

TEST_F(TokenTest, ARefusedRequestIsSentAgainWithTheNewToken) {
  RefusingServer api;
  api.accepted = "two";
  write("one");
  boost::asio::io_context io;
  KubeConfig config{"127.0.0.1", api.server.port(), api.certificate.certPem, "", {}, {}, file()};
  auto client = *KubeClient::create(io, clock, config);
  const auto post = [&] {
    int status = 0;
    KubeClient::Request request;
    request.method = "POST";
    request.target = "/api/v1/events";
    request.body = "{}";
    client->send(request, [&](const Result<HttpResponse>& response) {
      status = response ? response->status : -1;
    });
    io.restart();
    io.run();
    return status;
  };
  EXPECT_EQ(post(), 401) << "the file holds the refused one still";
  write("two");
  EXPECT_EQ(post(), 200);
  EXPECT_EQ(post(), 200);
  client.reset();
  EXPECT_THAT(api.seen, ElementsAre("one", "one", "two", "two"));
}

TEST_F(TokenTest, ARefusedStreamTakesTheNewTokenNextTime) {
  RefusingServer api;
  api.accepted = "two";
  write("one");
  boost::asio::io_context io;
  KubeConfig config{"127.0.0.1", api.server.port(), api.certificate.certPem, "", {}, {}, file()};
  const auto client = *KubeClient::create(io, clock, config);
  const auto stream = [&] {
    int status = 0;
    const auto handle = client->stream(
        "/", seconds(5), [](std::string_view) {},
        [&](const Result<HttpResponse>& how) { status = how ? how->status : -1; });
    io.restart();
    io.run();
    return status;
  };
  write("one");
  EXPECT_EQ(stream(), 401);
  write("two");
  EXPECT_EQ(stream(), 401) << "it was sent with the old one";
  EXPECT_EQ(stream(), 200);
}

}  // namespace
}  // namespace hitless::sys

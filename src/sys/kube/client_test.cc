#include "sys/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/tls_server.h"

namespace hitless::sys {
namespace {

using hitless::testing::TestCertificate;
using hitless::testing::TlsServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TestCertificate& certificate() {
  static const TestCertificate made = TestCertificate::make();
  return made;
}

struct KubeClientTest : ::testing::Test {
  boost::asio::io_context io;
  hitless::testing::FakeClock clock;
  std::unique_ptr<KubeClient> client;

  void connect(const TlsServer& server, const std::string& host = "127.0.0.1") {
    client = *KubeClient::create(io, clock,
                                 {host, server.port(), certificate().certPem, "secret", {}, {}});
  }

  Result<HttpResponse> get(const std::string& target, const std::string& method = "GET",
                           nanoseconds timeout = seconds(5)) {
    Result<HttpResponse> got = fail(ErrorKind::kInternal, "no answer");
    KubeClient::Request request;
    request.method = method;
    request.target = target;
    request.timeout = timeout;
    client->send(request, [&](Result<HttpResponse> response) { got = std::move(response); });
    io.restart();
    io.run();
    return got;
  }
};

TEST_F(KubeClientTest, KeepsTheConnectionAndSendsTheToken) {
  std::vector<std::string> heads;
  {
    TlsServer server(certificate(), [&](TlsServer::Connection& peer, int) {
      for (std::string head = peer.readRequest(); !head.empty(); head = peer.readRequest()) {
        heads.push_back(head);
        peer.answer("{\"n\":" + std::to_string(heads.size()) + "}", heads.size() == 1 ? 200 : 404);
      }
    });
    connect(server);
    EXPECT_EQ(get("/api/v1/pods?limit=5")->body, "{\"n\":1}");
    EXPECT_EQ(get("/api/v1/pods")->status, 404);
    EXPECT_EQ(server.connections(), 1);
    client.reset();
  }
  ASSERT_EQ(heads.size(), 2U);
  EXPECT_THAT(heads[0], ::testing::StartsWith("GET /api/v1/pods?limit=5 HTTP/1.1\r\n"));
  EXPECT_THAT(heads[0], HasSubstr("\r\nAuthorization: Bearer secret\r\n"));
}

TEST_F(KubeClientTest, OpensANewConnectionWhenTheServerClosedTheIdleOne) {
  TlsServer server(certificate(), [&](TlsServer::Connection& peer, int) {
    peer.readRequest();
    peer.answer("{}");
  });
  connect(server);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(get("/version")) << i;
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(KubeClientTest, RepeatsAnIdempotentRequestOnceWhenTheIdleConnectionDies) {
  // The connection dies after the second request has been read: only a retry can save it.
  TlsServer server(certificate(), [&](TlsServer::Connection& peer, int index) {
    if (peer.readRequest().empty()) {
      return;
    }
    peer.answer("{}");
    if (index > 0) {
      peer.readRequest();
      return;
    }
    peer.readRequest();
  });
  connect(server);
  EXPECT_TRUE(get("/a"));
  EXPECT_TRUE(get("/b"));
  EXPECT_EQ(server.connections(), 2);
  const auto post = get("/c", "POST");
  ASSERT_FALSE(post);
  EXPECT_EQ(post.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(KubeClientTest, SaysWhatWentWrong) {
  TlsServer server(certificate(), [](TlsServer::Connection& peer, int index) {
    peer.readRequest();
    if (index == 0) {
      peer.readRequest();
    } else if (index == 1) {
      peer.write("this is not HTTP\r\n\r\n");
    } else if (index == 2) {
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    }
  });
  connect(server);
  EXPECT_THAT(get("/", "GET", milliseconds(50)).error().text(),
              HasSubstr("no answer within 50 ms"));
  EXPECT_THAT(get("/").error().text(), HasSubstr("not an HTTP/1.1 answer"));
  EXPECT_THAT(get("/").error().text(), HasSubstr("in the middle of its answer"));
  EXPECT_EQ(get("/a b").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(get("/a\r\nX: y").error().kind, ErrorKind::kInvalid);
}

TEST_F(KubeClientTest, AllowsFourAtATimeAndQueuesTheRest) {
  TlsServer server(certificate(), [](TlsServer::Connection& peer, int) {
    while (!peer.readRequest().empty()) {
      peer.answer("{}");
    }
  });
  connect(server);
  // The server serves one connection at a time, so those beyond the first wait until it is closed.
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    client->send({}, [&](const Result<HttpResponse>&) { ++answered; });
    KubeClient::Request request;
    request.target = "/x";
    client->send(request, [&](const Result<HttpResponse>& response) {
      answered += response ? 1 : 0;
      if (answered == 17) {
        client.reset();
        io.stop();
      }
    });
  }
  io.run();
  EXPECT_EQ(answered, 17);
}

struct Watched {
  std::vector<std::string> lines;
  std::optional<Result<HttpResponse>> end;
  std::unique_ptr<KubeClient::Stream> stream;

  void open(KubeClient& client, nanoseconds idle) {
    stream = client.stream(
        "/api/v1/pods?watch=true", idle,
        [this](std::string_view line) { lines.emplace_back(line); },
        [this](Result<HttpResponse> how) { end = std::move(how); });
  }
};

TEST_F(KubeClientTest, StreamsLinesAcrossChunks) {
  TlsServer server(certificate(), [](TlsServer::Connection& peer, int) {
    peer.readRequest();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.chunk("{\"a\":1}\n{\"b\"");
    peer.chunk(":2}\n");
    peer.write("0\r\n\r\n");
  });
  connect(server);
  Watched watched;
  watched.open(*client, seconds(5));
  io.run();
  EXPECT_THAT(watched.lines, ElementsAre("{\"a\":1}", "{\"b\":2}"));
  ASSERT_TRUE(watched.end && *watched.end);
  EXPECT_EQ((*watched.end)->status, 200);
}

TEST_F(KubeClientTest, TellsWhyAStreamWasRefusedOrFellSilent) {
  TlsServer server(certificate(), [](TlsServer::Connection& peer, int index) {
    peer.readRequest();
    if (index == 0) {
      return peer.answer("{\"code\":410}", 410);
    }
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.chunk("{}\n");
    peer.readRequest();
  });
  connect(server);
  Watched refused;
  refused.open(*client, seconds(5));
  io.run();
  ASSERT_TRUE(refused.end && *refused.end);
  EXPECT_EQ((*refused.end)->status, 410);
  EXPECT_EQ((*refused.end)->body, "{\"code\":410}");
  EXPECT_TRUE(refused.lines.empty());

  Watched silent;
  silent.open(*client, milliseconds(500));
  io.restart();
  io.run();
  EXPECT_THAT(silent.lines, ElementsAre("{}"));
  ASSERT_TRUE(silent.end && !*silent.end);
  EXPECT_THAT(silent.end->error().text(), HasSubstr("nothing received for 500 ms"));
}

TEST_F(KubeClientTest, ACancelledStreamIsSilent) {
  TlsServer server(certificate(), [](TlsServer::Connection& peer, int) {
    peer.readRequest();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.chunk("1\n2\n3\n");
    peer.readRequest();
  });
  connect(server);
  std::unique_ptr<KubeClient::Stream> stream;
  int lines = 0;
  stream = client->stream(
      "/", seconds(5),
      [&](std::string_view) {
        ++lines;
        stream.reset();
      },
      [](const Result<HttpResponse>&) { FAIL() << "a cancelled stream called back"; });
  io.run();
  EXPECT_EQ(lines, 1);
}

TEST(PathOf, SpellsCollectionsAndObjects) {
  EXPECT_EQ(pathOf(kube::res::kPods, ""), "/api/v1/pods");
  EXPECT_EQ(pathOf(kube::res::kNodes, "ignored", "n1", "status"), "/api/v1/nodes/n1/status");
  EXPECT_EQ(pathOf(kube::res::kDeployments, "default", "web", "scale"),
            "/apis/apps/v1/namespaces/default/deployments/web/scale");
}

TEST(ObjectOf, TurnsAStatusIntoAnError) {
  EXPECT_EQ(kube::text(*objectOf({200, R"({"kind":"Pod"})"}), {"kind"}), "Pod");
  const auto missing = objectOf({404, R"({"kind":"Status","message":"pods \"x\" not found"})"});
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().message, "pods \"x\" not found");
  EXPECT_EQ(objectOf({409, "{}"}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(objectOf({410, "{}"}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(objectOf({503, "{}"}).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(objectOf({599, "{}"}).error().kind, ErrorKind::kInternal);
  EXPECT_EQ(objectOf({200, "[]"}).error().kind, ErrorKind::kInternal);
  EXPECT_THAT(objectOf({502, "<html>"}).error().message, HasSubstr("502"));
}

}  // namespace
}  // namespace hitless::sys

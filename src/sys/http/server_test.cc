#include "sys/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "sys/clock/real_clock.h"
#include "sys/tls/certificates.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using Respond = std::shared_ptr<HttpResponder>;

/// A server on loopback with its own thread.
class HttpServerTest : public ::testing::Test {
 protected:
  void serve(HttpHandler handler, HttpServerOptions options = {}) {
    const auto fd = listenTcp("127.0.0.1", 0);
    ASSERT_OK(fd);
    port_ = boundPort(*fd).value();
    auto server = HttpServer::start(io_, *fd, std::move(options), std::move(handler));
    ASSERT_OK(server);
    server_ = *std::move(server);
    thread_ = std::thread([this] { io_.run(); });
  }
  void TearDown() override {
    onLoop([this] { server_.reset(); });
    io_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  /// Runs on the server's thread and waits for it.
  void onLoop(std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  boost::asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A blocking client that shows the bytes as they are.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receiveBuffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receiveBuffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof(receiveBuffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { ::close(fd_); }
  int fd() const { return fd_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void halfClose() { ::shutdown(fd_, SHUT_WR); }
  /// Reads until `end` has been seen (and cuts there), or to the end of the stream.
  std::string readUntil(std::string_view end) {
    while (true) {
      if (const auto at = seen_.find(end); !end.empty() && at != std::string::npos) {
        std::string out = seen_.substr(0, at + end.size());
        seen_.erase(0, at + end.size());
        return out;
      }
      pollfd waiting{fd_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&waiting, 1, 10000) <= 0) {
        return seen_ + "<TIMEOUT>";
      }
      const ssize_t n = ::read(fd_, buffer, sizeof(buffer));
      if (n <= 0) {
        return std::exchange(seen_, {}) + (n == 0 ? "<EOF>" : "<RESET>");
      }
      seen_.append(buffer, static_cast<std::size_t>(n));
    }
  }
  std::string readAll() { return readUntil({}); }

 private:
  int fd_;
  std::string seen_;
};

void echo(HttpRequest request, const Respond& respond) {
  respond->send(200, "text/plain", request.method + " " + request.target + " " + request.body);
}

TEST_F(HttpServerTest, KeepsTheConnectionForPipelinedRequests) {
  serve(echo);
  RawClient client(port_);
  client.send(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.readUntil("GET /a "),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nGET /a ");
  EXPECT_NE(client.readUntil("POST /b hi").find("200 OK"), std::string::npos);
  const std::string last = client.readAll();
  EXPECT_NE(last.find("Connection: close"), std::string::npos);
  EXPECT_NE(last.find("GET /c <EOF>"), std::string::npos);
}

TEST_F(HttpServerTest, EndsConnectionsWithAnAnswerThatSaysSo) {
  serve([](HttpRequest, Respond respond) { respond->send(200, "text/plain", "hi"); });
  RawClient kept(port_);
  kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(kept.readUntil("hi").find("Connection: close"), std::string::npos);
  onLoop([this] { server_->endConnections(); });
  kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(kept.readUntil("hi").find("Connection: close"), std::string::npos);
  RawClient fresh(port_);
  fresh.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(fresh.readUntil("hi").find("Connection: close"), std::string::npos);
}

TEST_F(HttpServerTest, StreamsChunksWhileTheHandlerKeepsTheResponder) {
  Respond kept;
  int requests = 0;
  std::promise<void> started;
  serve([&](HttpRequest, Respond respond) {
    kept = std::move(respond);
    kept->start(200, "application/json");
    kept->write("one\n");
    kept->write("");
    if (++requests == 1) {
      started.set_value();
    }
  });
  RawClient client(port_);
  client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n");
  started.get_future().wait();
  EXPECT_NE(client.readUntil("4\r\none\n\r\n").find("Transfer-Encoding: chunked"),
            std::string::npos);
  onLoop([&] { kept->write("two two two two\n"); });
  EXPECT_EQ(client.readUntil("10\r\ntwo two two two\n\r\n"), "10\r\ntwo two two two\n\r\n");
  onLoop([&] { kept->finish(); });
  EXPECT_EQ(client.readUntil("0\r\n\r\n"), "0\r\n\r\n");
  client.send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.readUntil("one\n").find("200 OK"), std::string::npos) << "kept alive";
  onLoop([&] { kept.reset(); });
}

TEST_F(HttpServerTest, TellsWhenThePeerGoesAway) {
  Respond kept;
  std::promise<void> started;
  std::promise<void> gone;
  serve([&](HttpRequest, Respond respond) {
    kept = respond;
    respond->onClosed([&] { gone.set_value(); });
    respond->start(200, "text/plain");
    started.set_value();
  });
  {
    RawClient client(port_);
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    started.get_future().wait();
  }
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  onLoop([&] {
    kept->write("into the void");
    kept.reset();
  });
}

TEST_F(HttpServerTest, AnswersAPeerThatHalfClosed) {
  Respond kept;
  std::promise<void> gone;
  serve([&](HttpRequest, Respond respond) {
    kept = respond;
    respond->onClosed([&] { gone.set_value(); });
  });
  RawClient client(port_);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.halfClose();
  gone.get_future().wait();
  onLoop([&] { kept->send(200, "text/plain", "late"); });
  EXPECT_NE(client.readAll().find("late<EOF>"), std::string::npos);
}

TEST_F(HttpServerTest, ADroppedResponderClosesTheConnection) {
  serve([](HttpRequest, const Respond&) {});
  RawClient client(port_);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.readAll(), "<EOF>");
}

TEST_F(HttpServerTest, RefusesOversizedBodiesAndStillDelivers413) {
  HttpServerOptions options;
  options.maxBodyBytes = 1000;
  options.tooLargeBody = "{\"code\":413}";
  serve(echo, options);
  RawClient client(port_);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3000000, 'x'));
  const std::string answer = client.readAll();
  EXPECT_NE(answer.find("HTTP/1.1 413 "), std::string::npos);
  EXPECT_NE(answer.find("{\"code\":413}<EOF>"), std::string::npos) << answer;
  RawClient chunked(port_);
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n");
  chunked.send(std::string(0x1000, 'x'));
  EXPECT_NE(chunked.readAll().find(" 413 "), std::string::npos);
}

TEST_F(HttpServerTest, AcknowledgesExpectContinue) {
  serve(echo);
  RawClient client(port_);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.readUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_NE(client.readUntil("POST / ok").find("200 OK"), std::string::npos);
}

TEST_F(HttpServerTest, ASlowReaderIsVisibleAndCanBeAborted) {
  Respond kept;
  std::promise<void> started;
  serve([&](HttpRequest, Respond respond) {
    kept = std::move(respond);
    kept->start(200, "text/plain");
    started.set_value();
  });
  RawClient client(port_, 4096);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  started.get_future().wait();
  onLoop([&] {
    for (int i = 0; i < 400; ++i) {
      kept->write(std::string(100000, 'x'));
    }
    EXPECT_GT(kept->bufferedBytes(), 30'000'000U);
    kept->abort();
    EXPECT_EQ(kept->bufferedBytes(), 0U);
  });
  const std::string rest = client.readAll();
  EXPECT_LT(rest.size(), 30'000'000U);
  onLoop([&] { kept.reset(); });
}

TEST_F(HttpServerTest, SurvivesEveryMutationOfARequest) {
  serve(echo);
  const std::string good =
      "POST /api/v1?x=%20y HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'\0', '\xff', '\n', '9'}) {
      std::string bad = good;
      bad[at] = byte;
      RawClient client(port_);
      client.send(bad);
      client.halfClose();
      EXPECT_EQ(client.readAll().find("<TIMEOUT>"), std::string::npos) << at;
    }
  }
  RawClient client(port_);
  client.send("GET /alive HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.readUntil("GET /alive ").find("200 OK"), std::string::npos);
}

HttpServerOptions tlsOptions(KeyPair& authority) {
  const WallTime now = RealClock().wall();
  authority = makeAuthority("test-ca", now).value();
  const KeyPair pair =
      issueServerCertificate(authority, {{"localhost"}, {"127.0.0.1"}}, now).value();
  HttpServerOptions options;
  options.certificatePem = pair.certificatePem;
  options.keyPem = pair.keyPem;
  return options;
}

TEST_F(HttpServerTest, ServesTlsToClientsThatTrustTheAuthority) {
  KeyPair authority;
  serve(echo, tlsOptions(authority));
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  BIO* pem = BIO_new_mem_buf(authority.certificatePem.data(), -1);
  X509* root = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  RawClient client(port_);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, client.fd());
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
  EXPECT_EQ(SSL_connect(ssl), 1);
  EXPECT_EQ(SSL_get_verify_result(ssl), X509_V_OK);
  const std::string request = "GET /tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  SSL_write(ssl, request.data(), static_cast<int>(request.size()));
  std::string answer;
  char buffer[4096];
  for (int n = 0; (n = SSL_read(ssl, buffer, sizeof(buffer))) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  EXPECT_NE(answer.find("GET /tls "), std::string::npos);
  SSL_free(ssl);
  X509_free(root);
  BIO_free(pem);
  SSL_CTX_free(context);
}

TEST_F(HttpServerTest, GarbageOnTheTlsPortOnlyEndsThatConnection) {
  KeyPair authority;
  serve(echo, tlsOptions(authority));
  for (const std::string_view garbage :
       {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff\xff\xff", "\0\0\0"}) {
    RawClient client(port_);
    client.send(garbage);
    client.halfClose();
    EXPECT_EQ(client.readAll().find("<TIMEOUT>"), std::string::npos);
  }
}

TEST(ListenTcp, NamesTheAddressThatIsWrong) {
  EXPECT_NE(listenTcp("nowhere", 0).error().text().find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace hitless::sys

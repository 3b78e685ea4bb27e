#include "sys/http/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "sys/http/response_reader.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;

TEST(ResponseReader, GivesTheSameWhateverPiecesComeIn) {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    ResponseReader reader(false, 100);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(reader.put(std::string_view(bytes).substr(at, step)));
    }
    ASSERT_TRUE(reader.done()) << step;
    EXPECT_TRUE(reader.keepAlive());
    const HttpResponse response = reader.take();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello world");
  }
}

TEST(ResponseReader, SurvivesGarbage) {
  std::uint64_t state = 7;
  const std::string seed =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = seed;
    for (int i = 0; i < 4; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes[(state >> 33) % bytes.size()] = static_cast<char>(state >> 56);
    }
    ResponseReader reader(false, 1000);
    if (reader.put(bytes) && !reader.done()) {
      (void)reader.end();
    }
  }
}

TEST(ResponseReader, BoundsTheBody) {
  ResponseReader declared(false, 4);
  EXPECT_FALSE(declared.put("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  ResponseReader chunked(false, 4);
  EXPECT_FALSE(
      chunked.put("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
  ResponseReader head(true, 4);
  EXPECT_TRUE(head.put("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(head.done());
}

/// Accepts one connection on 127.0.0.1, reads once, answers and closes.
struct OneShot {
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
  std::string request;
  std::thread thread;

  explicit OneShot(const std::string& answer) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener, 1);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread = std::thread([this, answer] {
      const int fd = ::accept(listener, nullptr, nullptr);
      char buffer[4096];
      const auto got = ::recv(fd, buffer, sizeof buffer, 0);
      request.assign(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
      if (answer.empty()) {
        ::recv(fd, buffer, sizeof buffer, 0);  // until the client gives up
      }
      ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(fd);
    });
  }
  ~OneShot() {
    thread.join();
    ::close(listener);
  }
};

Result<HttpResponse> send(PlainRequest request) {
  boost::asio::io_context io;
  std::optional<Result<HttpResponse>> got;
  sendPlain(io, std::move(request),
            [&](Result<HttpResponse> response) { got = std::move(response); });
  EXPECT_FALSE(got) << "called from inside the call";
  io.run();
  return got ? *got : fail(ErrorKind::kInternal, "never called");
}

TEST(SendPlain, SendsHeadersAndBody) {
  Result<HttpResponse> response = fail(ErrorKind::kInternal, "");
  std::string request;
  {
    OneShot server("HTTP/1.0 503 Busy\r\n\r\nuntil the end");
    response =
        send({"POST", "localhost", server.port, "/p?q=1", {{"X-A", "b"}}, "body", seconds(5)});
    server.thread.join();
    request = server.request;
    server.thread = std::thread([] {});
  }
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "until the end");
  EXPECT_THAT(request,
              ::testing::StartsWith(
                  "POST /p?q=1 HTTP/1.1\r\nX-A: b\r\nConnection: close\r\nHost: localhost:"));
  EXPECT_THAT(request, ::testing::EndsWith("Content-Length: 4\r\n\r\nbody"));
}

TEST(SendPlain, TellsTimeoutsAndRefusals) {
  std::uint16_t port = 0;
  {
    OneShot server("");
    port = server.port;
    const auto late = send({"GET", "127.0.0.1", port, "/", {}, "", milliseconds(30)});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(late.error().text(), HasSubstr("no answer within 30 ms"));
  }
  const auto refused = send({"GET", "127.0.0.1", port, "/", {}, "", seconds(5)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(refused.error().osError, ECONNREFUSED);
  EXPECT_EQ(send({"GET", "127.0.0.1", port, "no slash", {}, "", seconds(5)}).error().kind,
            ErrorKind::kInvalid);
}

}  // namespace
}  // namespace hitless::sys

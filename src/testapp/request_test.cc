#include "testapp/request.h"

#include <gtest/gtest.h>

#include "testapp/connection.h"
#include "testapp/options.h"

namespace hitless::testapp {
namespace {

TEST(TestappRequest, ReadsAHeadAndStopsAtItsEnd) {
  const Head head = parseHead("GET /delay/0.5 HTTP/1.1\r\nHost: web\r\n\r\nGET / HTTP/1.1\r\n");
  ASSERT_EQ(head.state, HeadState::kComplete);
  EXPECT_EQ(head.request.target, "/delay/0.5");
  EXPECT_TRUE(head.request.keepAlive);
  EXPECT_EQ(head.size, 38U);
}

TEST(TestappRequest, RefusesWhatIsMalformed) {
  const std::string bad[] = {
      "GET\r\n\r\n",
      "GET /\r\n\r\n",
      "GET  HTTP/1.1\r\n\r\n",
      "GET / HTTP/2\r\n\r\n",
      "G(T / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nName : x\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
      std::string("\0\0\0\n", 4),
  };
  for (const std::string& bytes : bad) {
    EXPECT_EQ(parseHead(bytes).state, HeadState::kBad) << bytes;
  }
  EXPECT_EQ(parseHead(std::string(kMaxHead, 'a')).status, 431);
  EXPECT_EQ(parseHead("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").status, 501);
}

TEST(TestappRequest, RoutesWithinBounds) {
  EXPECT_EQ(route("/?x=1").action, Action::kName);
  EXPECT_EQ(route("/delay/0.25").seconds, 0.25);
  EXPECT_EQ(route("/delay/-1").action, Action::kBadRequest);
  EXPECT_EQ(route("/delay/nan").action, Action::kBadRequest);
  EXPECT_EQ(route("/bytes/12").bytes, 12U);
  EXPECT_EQ(route("/bytes/9999999999").action, Action::kBadRequest);
  EXPECT_EQ(route("/other").action, Action::kNotFound);
}

TEST(TestappConnection, AnswersPipelinedRequestsInOrder) {
  const std::string name = "web-1";
  Counts counts;
  Connection connection(name, counts);
  connection.receive("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloHEAD / HTTP/1.1\r\n\r\nGET");
  std::string out;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(connection.advance(false));
    out += connection.pending();
    connection.wrote(connection.pending().size());
  }
  EXPECT_EQ(counts.received, 2U);
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
            "Connection: keep-alive\r\n\r\nweb-1\n"
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
            "Connection: keep-alive\r\n\r\n");
  EXPECT_FALSE(connection.idle());
}

TEST(TestappConnection, CutsAClientThatSendsAheadWithoutEnd) {
  const std::string name = "web-1";
  Counts counts;
  Connection connection(name, counts);
  connection.receive("GET /delay/9 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(connection.advance(false).value().seconds, 9.0);
  EXPECT_FALSE(connection.receive(std::string(1 << 20, 'x')));
}

TEST(TestappOptions, FlagsWinOverTheEnvironment) {
  const auto environment = [](const char* variable) -> const char* {
    return std::string_view(variable) == "PORT" ? "81" : nullptr;
  };
  EXPECT_EQ(parseOptions({}, environment).options.port, 81);
  const Parsed parsed =
      parseOptions({"--port", "82", "--on-sigterm=drain", "--startup-delay=300ms"}, environment);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.options.port, 82);
  EXPECT_EQ(parsed.options.onSigterm, OnSigterm::kDrain);
  EXPECT_EQ(parsed.options.startupDelay, std::chrono::milliseconds{300});
}

TEST(TestappOptions, SayWhatIsWrong) {
  const auto none = [](const char*) -> const char* { return nullptr; };
  EXPECT_EQ(parseOptions({"--port", "x"}, none).error, "--port: \"x\" is not a port number");
  EXPECT_EQ(parseOptions({"--port", "65536"}, none).error,
            "--port: \"65536\" is not a port number");
  EXPECT_EQ(parseOptions({"--port"}, none).error, "--port needs a value: a port number");
  EXPECT_EQ(parseOptions({"--prot=1"}, none).error, "unknown option --prot=1 (see --help)");
}

}  // namespace
}  // namespace hitless::testapp

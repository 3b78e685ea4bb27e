#include "core/load/spec.h"

#include <gtest/gtest.h>

namespace hitless::load {
namespace {

TEST(LoadSpec, ReadsAUrlAndWords) {
  const auto spec = parseLoadSpec(
      " http://web.default:8080/a?b=c#d rate=1500/s  new duration=1m timeout=300ms count=7 "
      "arrivals=poisson retry-idle-close=off ");
  ASSERT_TRUE(spec) << spec.error().text();
  EXPECT_EQ(spec->host, "web.default");
  EXPECT_EQ(spec->port, 8080);
  EXPECT_EQ(spec->target, "/a?b=c");
  EXPECT_EQ(spec->rate, 1500);
  EXPECT_EQ(spec->mode, Mode::kNewConnection);
  EXPECT_EQ(spec->duration, seconds{60});
  EXPECT_EQ(spec->timeout, milliseconds{300});
  EXPECT_EQ(spec->count, 7U);
  EXPECT_EQ(spec->arrivals, Arrivals::kPoisson);
  EXPECT_FALSE(spec->retryIdleClose);
}

TEST(LoadSpec, HasDefaults) {
  const auto spec = parseLoadSpec("http://web");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->port, 80);
  EXPECT_EQ(spec->target, "/");
  EXPECT_EQ(spec->rate, 500);
  EXPECT_EQ(spec->mode, Mode::kKeepAlive);
  EXPECT_EQ(spec->timeout, seconds{5});
  EXPECT_TRUE(spec->retryIdleClose);
  EXPECT_FALSE(spec->duration);
}

TEST(LoadSpec, TheSchemeSaysTheProtocolAndItsDefaults) {
  const auto h2c = parseLoadSpec("h2c://web/a?b");
  ASSERT_TRUE(h2c) << h2c.error().text();
  EXPECT_EQ(h2c->protocol, Protocol::kHttp2);
  EXPECT_EQ(h2c->port, 80);
  EXPECT_EQ(h2c->target, "/a?b");
  EXPECT_EQ(h2c->timeout, seconds{5});
  EXPECT_EQ(h2c->connections, 1U);

  const auto grpc = parseLoadSpec(
      "grpc://web-0.web:8080,[::1]:81/a.B/C lb=round_robin resolve=web-0.web=10.0.0.1 "
      "nameserver=10.96.0.10 connect-timeout=1s message=0.5 connections=3");
  ASSERT_TRUE(grpc) << grpc.error().text();
  EXPECT_EQ(grpc->protocol, Protocol::kGrpc);
  EXPECT_EQ(hostsOf(*grpc), (std::vector<HostPort>{{"web-0.web", 8080}, {"::1", 81}}));
  EXPECT_EQ(hostsOf(*grpc)[1].text(), "[::1]:81");
  EXPECT_EQ(grpc->target, "/a.B/C");
  EXPECT_EQ(grpc->method, "POST");
  EXPECT_EQ(grpc->timeout, seconds{20});
  EXPECT_EQ(grpc->balancing, Balancing::kRoundRobin);
  EXPECT_EQ(grpc->resolution, Resolution::kDns);
  EXPECT_EQ(grpc->names.at("web-0.web"), *IpAddress::parse("10.0.0.1"));
  EXPECT_EQ(grpc->nameserver, IpAddress::parse("10.96.0.10"));
  EXPECT_EQ(grpc->connectTimeout, seconds{1});
  EXPECT_EQ(grpc->message, "0.5");
  EXPECT_EQ(grpc->connections, 3U);
  EXPECT_EQ(parseLoadSpec("grpc://web:1")->target, "/hitless.Test/WhoAmI");
}

TEST(LoadSpec, ErrorsNameTheWordAndWhatItShouldBe) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "the load is empty (write it like 'http://web.default:80/ rate=500 keepalive')"},
      {"web rate=5", "web: a load starts with a URL (write it like http://web.default:80/)"},
      {"https://web/",
       "https://web/: the load generator does not speak https (write it like "
       "http://web.default:80/)"},
      {"http://:80/",
       "http://:80/: the URL has no valid host and port (write it like http://web.default:80/)"},
      {"http://a:b@c/",
       "http://a:b@c/: the URL has no valid host and port (write it like http://web.default:80/)"},
      {"http://web:70000/",
       "http://web:70000/: the URL has no valid host and port (write it like "
       "http://web.default:80/)"},
      {"http://web/ raate=5", "unknown setting \"raate\" in a load (did you mean \"rate\"?)"},
      {"http://web/ keepalvie",
       "unknown word \"keepalvie\" in a load (did you mean \"keepalive\"?)"},
      {"http://web/ rate=fast",
       "rate is \"fast\", not a number of requests per second, up to 1000000"},
      {"http://web/ rate=0", "rate is \"0\", not a number of requests per second, up to 1000000"},
      {"http://web/ timeout=5", "timeout is \"5\", not a duration like 5s"},
      {"http://a,b/",
       "http://a,b/: the URL has no valid host and port (write it like http://web.default:80/)"},
      {"grpc://web",
       "grpc://web: the URL has no valid host and port (write it like "
       "grpc://web-0.web:8080,web-1.web:8080)"},
      {"grpc://web:80,",
       "grpc://web:80,: the URL has no valid host and port (write it like "
       "grpc://web-0.web:8080,web-1.web:8080)"},
      {"grpc://web:80 new",
       "a load by grpc keeps its connections (leave out \"new\", or use http://)"},
      {"grpc://web:80 method=GET", "an RPC is a POST (leave out \"method\")"},
      {"grpc://web:80 lb=random", "lb is \"random\", not pick_first or round_robin"},
      {"grpc://web:80 resolve=web=x", "resolve is \"web=x\", not system, dns, or NAME=ADDRESS"},
      {"http://web/ method=get", "method is \"get\", not an upper-case HTTP method"},
  };
  for (const auto& [text, error] : cases) {
    const auto spec = parseLoadSpec(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().text(), error);
  }
}

TEST(LoadSpec, KeepsTheNameInHost) {
  const auto request = [](const char* text) { return requestBytes(*parseLoadSpec(text)); };
  EXPECT_EQ(request("http://web.default:80/x new"),
            "GET /x HTTP/1.1\r\nHost: web.default\r\nUser-Agent: hitless-load\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(request("http://[::1]:81/ method=POST"),
            "POST / HTTP/1.1\r\nHost: [::1]:81\r\nUser-Agent: hitless-load\r\nAccept: */*\r\n"
            "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(request("http://a/ method=PUT body=3"),
            "PUT / HTTP/1.1\r\nHost: a\r\nUser-Agent: hitless-load\r\nAccept: */*\r\n"
            "Content-Length: 3\r\n\r\nxxx");
}

}  // namespace
}  // namespace hitless::load

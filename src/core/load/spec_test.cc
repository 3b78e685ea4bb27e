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
}

}  // namespace
}  // namespace hitless::load

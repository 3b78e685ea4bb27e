#include "core/proxy/routing/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hitless::proxy::routing {
namespace {

RequestHead request(std::string path, std::string authority = "a.io") {
  RequestHead head;
  head.method = "GET";
  head.scheme = "http";
  head.authority = std::move(authority);
  head.path = std::move(path);
  return head;
}

RequestMatch prefix(std::string value) {
  RequestMatch match;
  match.path = {PathMatch::Kind::kPrefix, std::move(value)};
  return match;
}

TEST(Edits, RemoveThenSetThenAdd) {
  RequestHead head = request("/");
  head.fields = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  edit(head, {.set = {{"A", "9"}, {"d", "4"}}, .add = {{"c", "5"}, {"b", "6"}}, .remove = {"B"}});
  EXPECT_EQ(head.fields, (Fields{{"c", "3"}, {"a", "9"}, {"d", "4"}, {"c", "5"}, {"b", "6"}}));
}

TEST(Edits, HostIsTheAuthorityAndFramingIsNotTouched) {
  RequestHead head = request("/");
  edit(head, {.set = {{"Host", "b.io"}, {"Content-Length", "7"}, {"Connection", "close"}},
              .add = {{"transfer-encoding", "chunked"}, {":path", "/x"}}});
  EXPECT_EQ(head.authority, "b.io");
  EXPECT_TRUE(head.fields.empty());
  ResponseHead response;
  edit(response, {.set = {{"Server", "s"}, {"upgrade", "h2c"}}});
  EXPECT_EQ(response.fields, (Fields{{"server", "s"}}));
}

struct PathCase {
  std::string target;
  std::string prefix;
  std::string replacement;
  std::string expected;
};

class PrefixEdits : public ::testing::TestWithParam<PathCase> {};

TEST_P(PrefixEdits, GiveWhatHttpPathModifierLists) {
  const RequestMatch match = prefix(GetParam().prefix);
  EXPECT_EQ(editedPath(GetParam().target, {true, GetParam().replacement}, &match),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PrefixEdits,
    ::testing::Values(PathCase{"/foo/bar", "/foo", "/xyz", "/xyz/bar"},
                      PathCase{"/foo/bar", "/foo", "/xyz/", "/xyz/bar"},
                      PathCase{"/foo/bar", "/foo/", "/xyz", "/xyz/bar"},
                      PathCase{"/foo/bar", "/foo/", "/xyz/", "/xyz/bar"},
                      PathCase{"/foo", "/foo", "/xyz", "/xyz"},
                      PathCase{"/foo/", "/foo", "/xyz", "/xyz/"},
                      PathCase{"/foo/bar", "/foo", "", "/bar"}, PathCase{"/foo/", "/foo", "", "/"},
                      PathCase{"/foo", "/foo", "", "/"}, PathCase{"/foo/", "/foo", "/", "/"},
                      PathCase{"/foo", "/foo", "/", "/"},
                      PathCase{"/foo?a=/b", "/foo", "/x", "/x?a=/b"},
                      PathCase{"/foo?", "/foo", "/x", "/x?"}, PathCase{"/a/b", "/", "/x", "/x/a/b"},
                      PathCase{"", "/foo", "/x", "/x"}));

TEST(Edits, TheWholePathIsReplacedAndTheQueryStays) {
  EXPECT_EQ(editedPath("/a/b?c=d", {false, "/x"}, nullptr), "/x?c=d");
  EXPECT_EQ(editedPath("/a", {false, ""}, nullptr), "/");
}

TEST(Edits, RewriteChangesHostAndPath) {
  RequestHead head = request("/v1/items?all");
  const RequestMatch match = prefix("/v1");
  rewrite(head, {"b.io", PathEdit{true, "/v2"}}, &match);
  EXPECT_EQ(head.authority, "b.io");
  EXPECT_EQ(head.path, "/v2/items?all");
}

struct RedirectCase {
  Redirect redirect;
  std::string authority;
  std::uint16_t port;
  std::string expected;
};

class Redirects : public ::testing::TestWithParam<RedirectCase> {};

TEST_P(Redirects, SayWhatTheRequestHadOtherwise) {
  const RedirectCase& param = GetParam();
  EXPECT_EQ(locationOf(param.redirect, request("/p?q", param.authority), param.port, nullptr),
            param.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Redirects,
    ::testing::Values(
        RedirectCase{{}, "a.io", 80, "http://a.io/p?q"},
        RedirectCase{{}, "a.io", 8080, "http://a.io:8080/p?q"},
        RedirectCase{{.scheme = "https"}, "a.io:8080", 8080, "https://a.io/p?q"},
        RedirectCase{{.scheme = "https", .port = 8443}, "a.io", 80, "https://a.io:8443/p?q"},
        RedirectCase{{.scheme = "https", .port = 443}, "a.io", 80, "https://a.io/p?q"},
        RedirectCase{{.hostname = "b.io"}, "a.io", 80, "http://b.io/p?q"},
        RedirectCase{{.port = 80}, "a.io", 8080, "http://a.io/p?q"},
        RedirectCase{{.path = PathEdit{false, "/n"}}, "a.io", 80, "http://a.io/n?q"},
        RedirectCase{{}, "[::1]:80", 80, "http://[::1]/p?q"}));

/// What a client may send: mostly the characters that mean something.
rc::Gen<std::string> wild() {
  return rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string("/?&=%.:[]*aA0")), rc::gen::arbitrary<char>()));
}

RC_GTEST_PROP(Edits, AnyBytesAreMatchedAndEdited, ()) {
  RequestHead head = request(*wild(), *wild());
  RequestMatch match = prefix(*wild());
  match.query = {{*wild(), *wild(), false}};
  const Redirect redirect{.path = PathEdit{true, *wild()}};
  RouteRule rule;
  rule.matches = {match};
  Listener listener;
  listener.hosts = {{.hostname = *wild(), .rules = {rule}}, {.hostname = "*.a"}, {.hostname = "*"}};
  const Routes routes(std::move(listener));
  const Match found = routes.match(head);
  RC_ASSERT(found.host != nullptr);
  RC_ASSERT(!locationOf(redirect, head, 80, &match).empty());
  rewrite(head, {std::nullopt, redirect.path}, &match);
  RC_ASSERT(head.path.starts_with('/'));
}

TEST(DirectAnswer, OnlyWhereNoBackendIsAsked) {
  RouteRule rule;
  const RequestHead head = request("/p");
  EXPECT_EQ(directAnswer({}, head, 80)->status, 404);
  EXPECT_EQ(directAnswer({nullptr, &rule, nullptr}, head, 80)->status, 500);
  rule.backends = {{.cluster = "c"}};
  EXPECT_FALSE(directAnswer({nullptr, &rule, nullptr}, head, 80).has_value());
}

TEST(DirectAnswer, RedirectsWithTheRulesFields) {
  RouteRule rule;
  rule.redirect = Redirect{.scheme = "https", .status = 301};
  rule.responseEdits.set = {{"X-A", "b"}};
  const auto answer = directAnswer({nullptr, &rule, nullptr}, request("/p"), 80);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 301);
  EXPECT_EQ(answer->contentLength, 0U);
  EXPECT_EQ(answer->fields, (Fields{{"location", "https://a.io/p"}, {"x-a", "b"}}));
  RequestHead star = request("*");
  EXPECT_EQ(locationOf(*rule.redirect, star, 80, nullptr), "https://a.io/");
}

}  // namespace
}  // namespace hitless::proxy::routing

#include "core/proxy/routing/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/proxy/routing/query.h"

namespace hitless::proxy::routing {
namespace {

using Kind = PathMatch::Kind;

RouteRule rule(std::string name, RequestMatch match) {
  RouteRule rule;
  rule.name = std::move(name);
  rule.matches = {std::move(match)};
  return rule;
}

RequestMatch path(Kind kind, std::string value) {
  RequestMatch match;
  match.path = {kind, std::move(value)};
  return match;
}

Listener listenerOf(std::vector<VirtualHost> hosts) {
  Listener listener;
  listener.hosts = std::move(hosts);
  return listener;
}

RequestHead get(std::string path, std::string authority = "a.io") {
  RequestHead head;
  head.method = "GET";
  head.authority = std::move(authority);
  head.path = std::move(path);
  return head;
}

std::string ruleFor(const Routes& routes, const RequestHead& head) {
  const Match match = routes.match(head);
  return match.host == nullptr ? "no host" : match.rule == nullptr ? "no rule" : match.rule->name;
}

struct HostCase {
  std::string authority;
  std::string hostname;  ///< That of the host that is found; empty: none.
};

class Hosts : public ::testing::TestWithParam<HostCase> {};

TEST_P(Hosts, MostSpecificFirst) {
  const Routes routes(listenerOf({{.hostname = "*.io"},
                                  {.hostname = "*.a.io"},
                                  {.hostname = "a.io"},
                                  {.hostname = "x.a.io"},
                                  {.hostname = "Upper.A.io"},
                                  {.hostname = "*.b.com"}}));
  const VirtualHost* host = routes.host(GetParam().authority);
  EXPECT_EQ(host == nullptr ? "" : host->hostname, GetParam().hostname);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Hosts,
    ::testing::Values(HostCase{"a.io", "a.io"}, HostCase{"A.IO", "a.io"},
                      HostCase{"a.io:8080", "a.io"}, HostCase{"a.io.", "a.io"},
                      HostCase{"a.io.:80", "a.io"}, HostCase{"x.a.io", "x.a.io"},
                      HostCase{"y.a.io", "*.a.io"}, HostCase{"z.y.a.io", "*.a.io"},
                      HostCase{"x.x.a.io", "*.a.io"}, HostCase{"b.io", "*.io"},
                      HostCase{"UPPER.a.io", "Upper.A.io"}, HostCase{"b.com", ""},
                      HostCase{"c.b.com", "*.b.com"}, HostCase{"io", ""}, HostCase{".io", ""},
                      HostCase{"", ""}, HostCase{"..io", "*.io"}, HostCase{"[::1]:80", ""},
                      HostCase{"[", ""}, HostCase{std::string(300, 'a') + ".io", ""}));

TEST(HostTable, AnyHostIsTheLast) {
  const Routes routes(listenerOf({{.hostname = "*"}, {.hostname = "a.io"}, {.hostname = "*.io"}}));
  const std::map<std::string, std::string> expected = {
      {"a.io", "a.io"}, {"b.io", "*.io"}, {"com", "*"}, {"", "*"}, {std::string(300, 'a'), "*"}};
  for (const auto& [authority, hostname] : expected) {
    ASSERT_NE(routes.host(authority), nullptr) << authority;
    EXPECT_EQ(routes.host(authority)->hostname, hostname) << authority;
  }
}

TEST(HostTable, TheFirstOfEqualHostnamesStays) {
  HostTable table;
  table.add("a.io", 1);
  table.add("A.io", 2);
  table.add("*", 3);
  table.add("*", 4);
  EXPECT_EQ(table.find("a.io"), 1U);
  EXPECT_EQ(table.find("b"), 3U);
}

TEST(HostOf, LeavesPortBracketsAndDotOff) {
  EXPECT_EQ(hostOf("Example.com.:80"), "Example.com");
  EXPECT_EQ(hostOf("[::1]:80"), "::1");
  EXPECT_EQ(hostOf("[::1]"), "::1");
  EXPECT_EQ(hostOf("[::1"), "::1");
  EXPECT_EQ(hostOf(":80"), "");
}

struct PathCase {
  Kind kind;
  std::string value;
  std::string path;
  bool fits;
};

class Paths : public ::testing::TestWithParam<PathCase> {};

TEST_P(Paths, FitAsTheirKindSays) {
  const auto& [kind, value, target, fits] = GetParam();
  const Routes routes(listenerOf({{.hostname = "*", .rules = {rule("it", path(kind, value))}}}));
  EXPECT_EQ(ruleFor(routes, get(target)), fits ? "it" : "no rule") << value << " " << target;
}

INSTANTIATE_TEST_SUITE_P(Exact, Paths,
                         ::testing::Values(PathCase{Kind::kExact, "/a", "/a", true},
                                           PathCase{Kind::kExact, "/a", "/a?b=c", true},
                                           PathCase{Kind::kExact, "/a", "/a/", false},
                                           PathCase{Kind::kExact, "/a/", "/a", false},
                                           PathCase{Kind::kExact, "/a", "/A", false},
                                           PathCase{Kind::kExact, "/a", "/a/b", false},
                                           PathCase{Kind::kExact, "/", "/", true},
                                           PathCase{Kind::kExact, "/", "", false}));

// What the documentation of Ingress and of HTTPPathMatch list.
INSTANTIATE_TEST_SUITE_P(
    Prefix, Paths,
    ::testing::Values(PathCase{Kind::kPrefix, "/", "/anything/at?all", true},
                      PathCase{Kind::kPrefix, "/", "*", true},
                      PathCase{Kind::kPrefix, "/", "", true},
                      PathCase{Kind::kPrefix, "/foo", "/foo", true},
                      PathCase{Kind::kPrefix, "/foo", "/foo/", true},
                      PathCase{Kind::kPrefix, "/foo/", "/foo", true},
                      PathCase{Kind::kPrefix, "/foo/", "/foo/", true},
                      PathCase{Kind::kPrefix, "/aaa/bb", "/aaa/bbb", false},
                      PathCase{Kind::kPrefix, "/aaa/bbb", "/aaa/bbb", true},
                      PathCase{Kind::kPrefix, "/aaa/bbb/", "/aaa/bbb", true},
                      PathCase{Kind::kPrefix, "/aaa/bbb", "/aaa/bbb/ccc", true},
                      PathCase{Kind::kPrefix, "/aaa/bbb", "/aaa/bbbxyz", false},
                      PathCase{Kind::kPrefix, "/foo", "/foo?a", true},
                      PathCase{Kind::kPrefix, "/foo", "/fo", false},
                      PathCase{Kind::kPrefix, "/foo", "/FOO", false}));

INSTANTIATE_TEST_SUITE_P(Regex, Paths,
                         ::testing::Values(PathCase{Kind::kRegex, "/a/[0-9]+", "/a/17", true},
                                           PathCase{Kind::kRegex, "/a/[0-9]+", "/a/17/b", false},
                                           PathCase{Kind::kRegex, "/a/[0-9]+", "/a/17?b", true},
                                           PathCase{Kind::kRegex, "(?i)/A.*", "/abc", true},
                                           PathCase{Kind::kRegex, "(", "(", false},
                                           PathCase{Kind::kRegex, "(a*)*b",
                                                    std::string(100'000, 'a'), false}));

struct FieldCase {
  bool regex;
  std::string value;
  Fields fields;
  bool fits;
};

class Headers : public ::testing::TestWithParam<FieldCase> {};

TEST_P(Headers, AreComparedAsOneValue) {
  const FieldCase& param = GetParam();
  RequestMatch match;
  match.headers = {{"x-a", param.value, param.regex}};
  const Routes routes(listenerOf({{.hostname = "*", .rules = {rule("it", match)}}}));
  RequestHead head = get("/");
  head.fields = param.fields;
  EXPECT_EQ(ruleFor(routes, head), param.fits ? "it" : "no rule");
}

INSTANTIATE_TEST_SUITE_P(
    Table, Headers,
    ::testing::Values(FieldCase{false, "1", {{"X-A", "1"}}, true},
                      FieldCase{false, "1", {{"x-a", "2"}}, false},
                      FieldCase{false, "1", {{"x-b", "1"}}, false},
                      FieldCase{false, "1", {}, false},
                      FieldCase{false, "1, 2", {{"x-a", "1"}, {"x-b", "3"}, {"x-a", "2"}}, true},
                      FieldCase{false, "1", {{"x-a", "1"}, {"x-a", "2"}}, false},
                      FieldCase{true, "[a-c]+", {{"x-a", "abc"}}, true},
                      FieldCase{true, "[a-c]+", {{"x-a", "abcd"}}, false}));

struct QueryCase {
  std::string path;
  bool fits;
};

class Queries : public ::testing::TestWithParam<QueryCase> {};

TEST_P(Queries, FirstValueCounts) {
  RequestMatch match;
  match.query = {{"animal", "blue whale", false}};
  const Routes routes(listenerOf({{.hostname = "*", .rules = {rule("it", match)}}}));
  EXPECT_EQ(ruleFor(routes, get(GetParam().path)), GetParam().fits ? "it" : "no rule");
}

INSTANTIATE_TEST_SUITE_P(Table, Queries,
                         ::testing::Values(QueryCase{"/?animal=blue%20whale", true},
                                           QueryCase{"/?a=b&animal=blue%20whale&c", true},
                                           QueryCase{"/?%61nimal=blue%20whale", true},
                                           QueryCase{"/?animal=cat&animal=blue%20whale", false},
                                           QueryCase{"/?animal", false},
                                           QueryCase{"/?Animal=blue%20whale", false},
                                           QueryCase{"/?&&animal=blue%20whale", true},
                                           QueryCase{"/?", false}, QueryCase{"/", false},
                                           QueryCase{"/?animal=blue%2", false}));

TEST(Queries, AreDecodedTolerantly) {
  EXPECT_EQ(queryValue("a=%41%4", "a"), "A%4");
}

TEST(Routes, MethodsAndHostAreConditionsToo) {
  RequestMatch post;
  post.method = "POST";
  RequestMatch host;
  host.headers = {{"host", "a.io:80", false}};
  const Routes routes(
      listenerOf({{.hostname = "*", .rules = {rule("post", post), rule("host", host)}}}));
  RequestHead head = get("/");
  EXPECT_EQ(ruleFor(routes, head), "no rule");
  head.method = "POST";
  EXPECT_EQ(ruleFor(routes, head), "post");
  EXPECT_EQ(ruleFor(routes, get("/", "a.io:80")), "host");
}

TEST(Routes, TheFirstRuleThatFitsWinsAndSaysWhichMatch) {
  RouteRule two;
  two.name = "two";
  two.matches = {path(Kind::kExact, "/x"), path(Kind::kPrefix, "/y")};
  RouteRule all;
  all.name = "all";  // no match at all
  const Routes routes(listenerOf({{.hostname = "*", .rules = {two, all}}}));
  const Match match = routes.match(get("/y/z"));
  ASSERT_NE(match.rule, nullptr);
  EXPECT_EQ(match.rule->name, "two");
  EXPECT_EQ(match.match, &match.rule->matches[1]);
  EXPECT_EQ(routes.match(get("/z")).rule->name, "all");
  EXPECT_EQ(routes.match(get("/z")).match, nullptr);
}

TEST(Routes, AHostWithoutAFittingRuleDoesNotAskOtherHosts) {
  const Routes routes(
      listenerOf({{.hostname = "*", .rules = {rule("any", {})}},
                  {.hostname = "a.io", .rules = {rule("a", path(Kind::kExact, "/a"))}}}));
  EXPECT_EQ(ruleFor(routes, get("/a")), "a");
  EXPECT_EQ(ruleFor(routes, get("/b")), "no rule");
  EXPECT_EQ(ruleFor(routes, get("/b", "b.io")), "any");
}

TEST(BackendFor, ShareFollowsTheWeights) {
  RouteRule rule;
  rule.backends = {
      {.cluster = "a", .weight = 1}, {.cluster = "b", .weight = 0}, {.cluster = "c", .weight = 3}};
  std::map<std::string, int> counts;
  for (std::uint64_t random = 0; random < 400; ++random) {
    ++counts[backendFor(rule, random)->cluster];
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"a", 100}, {"c", 300}}));
}

TEST(BackendFor, NobodyWithoutAWeight) {
  RouteRule rule;
  EXPECT_EQ(backendFor(rule, 7), nullptr);
  rule.backends = {{.cluster = "a", .weight = 0}};
  EXPECT_EQ(backendFor(rule, 7), nullptr);
  rule.backends.push_back({.cluster = "b", .weight = 0});
  EXPECT_EQ(backendFor(rule, 7), nullptr);
}

}  // namespace
}  // namespace hitless::proxy::routing

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/control/continue_token.h"
#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiListTest : public ApiFixture {
 protected:
  explicit ApiListTest(std::size_t history = 10000) : ApiFixture(false, history) {}

  void addMap(const std::string& name, const std::string& ns = "default") {
    object(201, "POST", fmt::format("/api/v1/namespaces/{}/configmaps", ns),
           {fmt::format(R"({{"metadata":{{"name":"{}","labels":{{"l":"x"}}}}}})", name)});
  }

  /// One page: its names, and what its metadata says.
  struct Page {
    std::vector<std::string> names;
    std::string more;
    std::string revision;
    std::optional<std::int64_t> remaining;
  };
  Page page(const std::string& query, const std::string& path = "/api/v1/configmaps") {
    const auto list = object(200, "GET", path + "?" + query);
    Page out;
    for (const auto& item : *kube::findArray(list, {"items"})) {
      out.names.emplace_back(kube::text(item.get_object(), {"metadata", "name"}));
    }
    out.more = kube::text(list, {"metadata", "continue"});
    out.revision = kube::text(list, {"metadata", "resourceVersion"});
    out.remaining = kube::optionalInteger(list, {"metadata", "remainingItemCount"});
    return out;
  }
  std::string refusal(int status, const std::string& query) {
    return std::string(
        kube::text(object(status, "GET", "/api/v1/configmaps?" + query), {"message"}));
  }
};

TEST_F(ApiListTest, ComesInPagesOfOneRevision) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    addMap(name);
  }
  const Page first = page("limit=2");
  EXPECT_THAT(first.names, ElementsAre("a", "b"));
  EXPECT_EQ(first.remaining, 3);
  object(200, "DELETE", std::string(kMaps) + "/c");
  addMap("bb");
  const Page second = page("limit=2&continue=" + first.more);
  EXPECT_THAT(second.names, ElementsAre("c", "d")) << "as it was";
  EXPECT_EQ(second.revision, first.revision);
  EXPECT_EQ(second.remaining, 1);
  const Page third = page("limit=2&continue=" + second.more);
  EXPECT_THAT(third.names, ElementsAre("e"));
  EXPECT_EQ(third.more, "");
  EXPECT_FALSE(third.remaining);
  EXPECT_THAT(page("limit=0").names, ElementsAre("a", "b", "bb", "d", "e"));
}

TEST_F(ApiListTest, PagesGoAcrossNamespacesAndSelectors) {
  object(201, "POST", "/api/v1/namespaces", {R"({"metadata":{"name":"default-2"}})"});
  addMap("a", "default-2");
  addMap("b", "default-2");
  addMap("z");
  object(201, "POST", kMaps, {R"({"metadata":{"name":"unlabelled"}})"});
  const Page first = page("labelSelector=l%3Dx&limit=2");
  EXPECT_THAT(first.names, ElementsAre("z", "a"));
  EXPECT_FALSE(first.remaining) << "unknown with a selector";
  EXPECT_THAT(page("labelSelector=l%3Dx&limit=2&continue=" + first.more).names, ElementsAre("b"));
}

TEST_F(ApiListTest, TablesComeInPagesToo) {
  addMap("a");
  addMap("b");
  const ApiResponse table =
      call("GET", "/api/v1/configmaps?limit=1",
           {"", "", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"});
  const auto body = parse(table.body);
  EXPECT_NE(kube::text(body, {"metadata", "continue"}), "");
  EXPECT_EQ(kube::integer(body, {"metadata", "remainingItemCount"}), 1);
}

TEST_F(ApiListTest, ACacheHasEverythingAtOnce) {
  addMap("a");
  addMap("b");
  EXPECT_THAT(page("limit=1&resourceVersion=0").names, ElementsAre("a", "b"));
}

TEST_F(ApiListTest, RefusesWhatIsNoToken) {
  const std::string json = "eyJ2IjoidjAifQ";  // {"v":"v0"}
  EXPECT_THAT(refusal(400, "continue=xyz"),
              HasSubstr("continue key is not valid: invalid character '\xc3\x87' looking for"));
  EXPECT_THAT(refusal(400, "continue=%21"), HasSubstr("illegal base64 data"));
  EXPECT_THAT(refusal(400, "continue=" + json),
              HasSubstr("server does not recognize this encoded version \"v0\""));
  EXPECT_THAT(refusal(400, "continue=" + ContinueToken{0, "a", "b"}.encode()),
              HasSubstr("resourceVersion"));
  const std::string good = ContinueToken{1, "a", "b"}.encode();
  EXPECT_THAT(refusal(400, "resourceVersion=1&continue=" + good),
              HasSubstr("specifying resource version is not allowed when using continue"));
}

TEST_F(ApiListTest, RefusesOptionsThatDoNotGoTogether) {
  for (const char* query :
       {"resourceVersionMatch=Exact", "resourceVersion=0&resourceVersionMatch=Exact",
        "sendInitialEvents=true", "resourceVersion=1&resourceVersionMatch=Exact&continue=x",
        "watch=1&resourceVersionMatch=NotOlderThan", "watch=1&sendInitialEvents=true"}) {
    EXPECT_THAT(refusal(422, query), HasSubstr("ListOptions.meta.k8s.io \"\" is invalid:"))
        << query;
  }
}

class ShortHistoryTest : public ApiListTest {
 protected:
  ShortHistoryTest() : ApiListTest(4) {}
};

TEST_F(ShortHistoryTest, ATokenThatIsTooOldStillFetchesTheRest) {
  for (const char* name : {"a", "b", "c"}) {
    addMap(name);
  }
  const Page first = page("limit=1");
  for (const char* name : {"d", "e", "f", "g", "h"}) {
    addMap(name);
  }
  const auto gone = object(410, "GET", "/api/v1/configmaps?limit=2&continue=" + first.more);
  EXPECT_EQ(kube::text(gone, {"reason"}), "Expired");
  EXPECT_THAT(std::string(kube::text(gone, {"message"})),
              HasSubstr("The provided continue parameter is too old"));
  const std::string onward(kube::text(gone, {"metadata", "continue"}));
  const Page second = page("limit=2&continue=" + onward);
  EXPECT_THAT(second.names, ElementsAre("b", "c"));
  EXPECT_THAT(page("limit=9&continue=" + second.more).names, ElementsAre("d", "e", "f", "g", "h"));
  EXPECT_THAT(refusal(410, "resourceVersion=1&resourceVersionMatch=Exact"),
              HasSubstr("The resourceVersion for the provided list is too old."));
}

TEST(ContinueToken, SurvivesTheWayThroughAUrl) {
  for (const std::string name : {"", "x", "?~?~?>>>", "ab.c-d"}) {
    const std::string text = ContinueToken{7, "ns", name}.encode();
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    const auto token = ContinueToken::decode(text);
    ASSERT_TRUE(token) << text;
    EXPECT_EQ(token->revision, 7);
    EXPECT_EQ(token->ns, "ns");
    EXPECT_EQ(token->name, name);
  }
}

TEST(ContinueToken, GarbageIsRefusedWithoutHarm) {
  for (const char* text : {"", "a", "ab", "abc", "abcd", "====", "e30", "W10", "bnVsbA", "\xff"}) {
    EXPECT_FALSE(ContinueToken::decode(text)) << text;
  }
}

}  // namespace
}  // namespace hitless::control

#include <gtest/gtest.h>

#include "core/proxy/http2/sessions_fixture.h"

namespace hitless::proxy::http2 {
namespace {

TEST(ProxyHttp2Upgrade, AnUpgradeIsAnExtendedConnect) {
  Pair pair;
  EXPECT_TRUE(pair.client.takesUpgrades());
  RequestHead head = get("/chat");
  head.upgrade = "websocket";
  head.fields = {{"sec-websocket-version", "13"}};
  const StreamId id = pair.ask(head, false);
  EXPECT_EQ(pair.asked(id).request.method, "GET");
  EXPECT_EQ(pair.asked(id).request.upgrade, "websocket");
  EXPECT_EQ(pair.asked(id).request.path, "/chat");
  EXPECT_EQ(pair.asked(id).request.fields, head.fields);
  ResponseHead accept = status(101);
  accept.upgrade = "websocket";
  pair.server.respond(id, accept, false);
  pair.server.send(id, "from server", false);
  pair.client.send(id, "from client", false);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.status, 101);
  EXPECT_EQ(pair.answered(id).response.upgrade, "websocket");
  EXPECT_EQ(pair.answered(id).body, "from server");
  EXPECT_EQ(pair.asked(id).body, "from client");
  pair.server.send(id, {}, true);
  pair.pump();
  pair.client.send(id, ", and more", false);
  pair.pump();
  EXPECT_EQ(pair.asked(id).body, "from client, and more");
  pair.client.send(id, {}, true);
  pair.pump();
  EXPECT_EQ(pair.server.active(), 0U);
}

TEST(ProxyHttp2Upgrade, AnUpgradeThatIsDeclinedIsAnOrdinaryResponse) {
  Pair pair;
  RequestHead head = get();
  head.upgrade = "websocket";
  const StreamId id = pair.ask(head, false);
  pair.server.respond(id, status(403), true);
  pair.pump();
  EXPECT_EQ(pair.answered(id).response.status, 403);
}

TEST(ProxyHttp2Upgrade, WhereNoUpgradesAreTakenTheRequestIsAnOrdinaryOne) {
  Http2Options options;
  options.extendedConnect = false;
  Pair pair(options);
  EXPECT_FALSE(pair.client.takesUpgrades());
  RequestHead head = get("/chat");
  head.upgrade = "websocket";
  const StreamId id = pair.ask(head);
  EXPECT_EQ(pair.asked(id).request.method, "GET");
  EXPECT_EQ(pair.asked(id).request.upgrade, "");
}

TEST(ProxyHttp2Upgrade, APlainConnectHasNoPath) {
  Pair pair;
  RequestHead head;
  head.method = "CONNECT";
  head.authority = "db:5432";
  const StreamId id = pair.ask(head, false);
  EXPECT_EQ(pair.asked(id).request.method, "CONNECT");
  EXPECT_EQ(pair.asked(id).request.authority, "db:5432");
  EXPECT_EQ(pair.asked(id).request.path, "");
  pair.server.respond(id, status(200), false);
  pair.server.send(id, "bytes", false);
  pair.pump();
  EXPECT_EQ(pair.answered(id).body, "bytes");
}

}  // namespace
}  // namespace hitless::proxy::http2

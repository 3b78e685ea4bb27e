#include "core/proxy/port_list.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "testing/result.h"

namespace hitless::proxy {
namespace {

std::string settled(std::string_view text) {
  const auto list = PortList::parse(text);
  return list ? list->text() : list.error().text();
}

TEST(PortList, IsWrittenInOrder) {
  EXPECT_EQ(settled(""), "");
  EXPECT_EQ(settled("80"), "80");
  EXPECT_EQ(settled(" 443, 80 ,8000-8099"), "80,443,8000-8099");
  EXPECT_EQ(settled("80,81,82"), "80-82");
  EXPECT_EQ(settled("1-10,5-20,21,30"), "1-21,30");
  EXPECT_EQ(settled("65535,1-65534"), "1-65535");
  EXPECT_EQ(settled("80,all"), "all");
  EXPECT_EQ(settled("*"), "all");
}

TEST(PortList, RefusesWhatIsNoPort) {
  for (const char* text : {"http", "0", "65536", "80-", "-80", "90-80", "80;81", "1-2-3"}) {
    const auto list = PortList::parse(text);
    ASSERT_FALSE(list) << text;
    EXPECT_NE(list.error().text().find(text), std::string::npos) << list.error().text();
  }
}

RC_GTEST_PROP(PortList, HoldsWhatWasAddedAndNothingElse, ()) {
  const auto pairs = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(1, 60), rc::gen::inRange(0, 8)));
  PortList list;
  std::set<int> wanted;
  for (const auto& [first, more] : pairs) {
    list.add({static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(first + more)});
    for (int port = first; port <= first + more; ++port) {
      wanted.insert(port);
    }
  }
  for (int port = 1; port < 80; ++port) {
    RC_ASSERT(list.contains(static_cast<std::uint16_t>(port)) == wanted.contains(port));
  }
  for (std::size_t i = 1; i < list.ranges().size(); ++i) {
    RC_ASSERT(list.ranges()[i].first > list.ranges()[i - 1].last + 1);
  }
  RC_ASSERT(PortList::parse(list.text()).value() == list);
}

}  // namespace
}  // namespace hitless::proxy

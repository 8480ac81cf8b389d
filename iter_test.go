package refundkit

import (
	"errors"
	"iter"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script is a fetch function that answers with its pages in turn and keeps the
// cursors that it was asked for.
type script struct {
	pages []page
	asked []cursor
}

type page struct {
	items []string
	more  bool
	err   error
}

func (s *script) fetch(at cursor) ([]string, bool, error) {
	s.asked = append(s.asked, at)
	if len(s.asked) > len(s.pages) {
		return nil, false, errors.New("asked for more pages than there are")
	}
	p := s.pages[len(s.asked)-1]
	return p.items, p.more, p.err
}

func (s *script) walk(start cursor) iter.Seq2[string, error] {
	return paginate(start, func(item string) string { return item }, s.fetch)
}

// drain ranges to the end and returns every item and every error.
func drain(t *testing.T, walk iter.Seq2[string, error]) (items []string, errs []error) {
	t.Helper()
	for item, err := range walk {
		if err != nil {
			assert.Empty(t, item)
			errs = append(errs, err)
		} else {
			items = append(items, item)
		}
		require.Less(t, len(items)+len(errs), 1000, "the walk does not end")
	}
	return items, errs
}

func TestPaginateAsksForEachPageOnce(t *testing.T) {
	s := &script{pages: []page{{[]string{"e", "d"}, true, nil}, {[]string{"c", "b"}, true, nil}, {[]string{"a"}, false, nil}}}
	items, errs := drain(t, s.walk(cursor{limit: 2, after: "f"}))
	assert.Empty(t, errs)
	assert.Equal(t, []string{"e", "d", "c", "b", "a"}, items)
	assert.Equal(t, []cursor{{limit: 2, after: "f"}, {limit: 2, after: "d"}, {limit: 2, after: "b"}}, s.asked)
}

func TestPaginateBackwards(t *testing.T) {
	s := &script{pages: []page{{[]string{"c", "b"}, true, nil}, {[]string{"e", "d"}, true, nil}, {[]string{"f"}, false, nil}}}
	items, errs := drain(t, s.walk(cursor{limit: 2, before: "a"}))
	assert.Empty(t, errs)
	assert.Equal(t, []string{"c", "b", "e", "d", "f"}, items, "each page newest first, page by page towards the newest")
	assert.Equal(t, []cursor{{limit: 2, before: "a"}, {limit: 2, before: "c"}, {limit: 2, before: "e"}}, s.asked)
}

func TestPaginateEnds(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		start   cursor
		pages   []page
		want    []string
		failure string
	}{
		"nothing":                    {pages: []page{{nil, false, nil}}},
		"an empty page at the end":   {pages: []page{{[]string{"b"}, true, nil}, {nil, false, nil}}, want: []string{"b"}},
		"empty but more":             {pages: []page{{nil, true, nil}}, failure: "empty page"},
		"empty but more, later":      {pages: []page{{[]string{"b"}, true, nil}, {[]string{}, true, nil}}, want: []string{"b"}, failure: "empty page"},
		"the same page again":        {pages: []page{{[]string{"c", "b"}, true, nil}, {[]string{"c", "b"}, true, nil}}, want: []string{"c", "b"}, failure: "same page"},
		"a circle of two pages":      {pages: []page{{[]string{"c"}, true, nil}, {[]string{"b"}, true, nil}, {[]string{"c"}, true, nil}}, want: []string{"c", "b"}, failure: "same page"},
		"back to the start":          {start: cursor{after: "d"}, pages: []page{{[]string{"c"}, true, nil}, {[]string{"d"}, true, nil}}, want: []string{"c"}, failure: "same page"},
		"backwards in a circle":      {start: cursor{before: "a"}, pages: []page{{[]string{"c", "b"}, true, nil}, {[]string{"c", "b"}, true, nil}}, want: []string{"c", "b"}, failure: "same page"},
		"the last page again":        {pages: []page{{[]string{"c"}, true, nil}, {[]string{"c"}, false, nil}}, want: []string{"c"}, failure: "same page"},
		"an item without id":         {pages: []page{{[]string{"c", ""}, true, nil}}, failure: "walk stopped"},
		"a page that overlaps":       {pages: []page{{[]string{"d", "c"}, true, nil}, {[]string{"c", "b"}, true, nil}, {[]string{"c", "b", "a"}, false, nil}}, want: []string{"d", "c", "b", "a"}},
		"the start on the page":      {start: cursor{after: "d"}, pages: []page{{[]string{"d", "c"}, false, nil}}, want: []string{"c"}},
		"backwards, overlapping":     {start: cursor{before: "a"}, pages: []page{{[]string{"c", "b", "a"}, true, nil}, {[]string{"e", "d", "c"}, false, nil}}, want: []string{"c", "b", "e", "d"}},
		"an item twice on a page":    {pages: []page{{[]string{"c", "c", "b"}, false, nil}}, want: []string{"c", "b"}},
		"an error on the first page": {pages: []page{{nil, false, broken}}, failure: "broken"},
		"an error on a later page":   {pages: []page{{[]string{"c"}, true, nil}, {nil, true, broken}}, want: []string{"c"}, failure: "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{pages: tt.pages}
			items, errs := drain(t, s.walk(tt.start))
			assert.Equal(t, tt.want, items)
			assert.Len(t, s.asked, len(tt.pages))
			if tt.failure == "" {
				assert.Empty(t, errs)
				return
			}
			require.Len(t, errs, 1, "an error is yielded once")
			assert.ErrorContains(t, errs[0], tt.failure)
		})
	}
}

func TestPaginateStopsWhereTheCallerStops(t *testing.T) {
	for _, take := range []int{1, 2, 3} {
		s := &script{pages: []page{{[]string{"d", "c"}, true, nil}, {[]string{"b", "a"}, true, nil}}}
		taken := 0
		for range s.walk(cursor{}) {
			if taken++; taken == take {
				break
			}
		}
		assert.Len(t, s.asked, (take+1)/2, "after %d items", take)
	}
}

func TestPaginateStopsAfterAnErrorThatIsIgnored(t *testing.T) {
	s := &script{pages: []page{{nil, false, errors.New("broken")}}}
	turns := 0
	s.walk(cursor{})(func(string, error) bool { turns++; return true })
	assert.Equal(t, 1, turns)
}

func TestPaginateManyPages(t *testing.T) {
	s := &script{}
	for i := range 500 {
		s.pages = append(s.pages, page{[]string{strconv.Itoa(i)}, i < 499, nil})
	}
	items, errs := drain(t, s.walk(cursor{}))
	assert.Empty(t, errs)
	assert.Len(t, items, 500)
	assert.Equal(t, 100, s.asked[0].limit, "walking everything asks for full pages")
}

package refundtest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A body that cannot be read must not look like a success.
func TestBrokenBodyIsRefused(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	for name, body := range map[string]string{
		"a size that is none": "zz\r\ncharge=" + charge + "\r\n0\r\n\r\n",
		"a wrong size":        fmt.Sprintf("3\r\ncharge=%s\r\n0\r\n\r\n", charge),
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", strings.TrimPrefix(c.server.Start(), "http://"))
			require.NoError(t, err)
			defer connection.Close()
			_, err = fmt.Fprintf(connection, "POST /v1/refunds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
				"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n%s", testKey, body)
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
			require.NoError(t, err)
			defer answer.Body.Close()
			assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
			c.server.AssertNotRefunded(t, charge)
		})
	}
}

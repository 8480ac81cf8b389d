package refundkit_test

import (
	"context"
	"fmt"
	"log"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

func exampleCurrency(code string) refundkit.Currency {
	c, err := refundkit.CurrencyOf(code)
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func ExampleCurrencyOf() {
	for _, code := range []string{"usd", "JPY", "kwd", "isk", "yen"} {
		c, err := refundkit.CurrencyOf(code)
		if err != nil {
			fmt.Println(code, "is not known")
			continue
		}
		fmt.Println(c, c.Digits(), c.Step())
	}
	// Output:
	// usd 2 1
	// jpy 0 1
	// kwd 3 10
	// isk 2 100
	// yen is not known
}

func ExampleCurrency_Digits() {
	fmt.Println(exampleCurrency("usd").Digits(), exampleCurrency("jpy").Digits(), exampleCurrency("kwd").Digits())
	// Output: 2 0 3
}

// 5.124 KWD can't be refunded, only 5.120 or 5.130.
func ExampleCurrency_Step() {
	kwd := exampleCurrency("kwd")
	amount := int64(5124)
	fmt.Println(kwd.Format(amount - amount%kwd.Step()))
	// Output: 5.120
}

func ExampleCurrency_Format() {
	fmt.Println(exampleCurrency("usd").Format(1250))
	fmt.Println(exampleCurrency("jpy").Format(1250))
	fmt.Println(exampleCurrency("usd").Format(-5))
	// Output:
	// 12.50
	// 1250
	// -0.05
}

func ExampleCurrency_Parse() {
	eur := exampleCurrency("eur")
	for _, text := range []string{"12.50", "12", "1.250", "12,50"} {
		amount, err := eur.Parse(text)
		fmt.Println(amount, err)
	}
	// Output:
	// 1250 <nil>
	// 1200 <nil>
	// 0 refundkit: amount: it has more than the 2 decimals of eur
	// 0 refundkit: amount: it must be digits with at most one point among them, such as 12.50
}

// 10.00 off an order, over what its lines cost. The parts add up to it.
func ExampleCurrency_Split() {
	usd := exampleCurrency("usd")
	parts, err := usd.Split(1000, []int64{1999, 999, 999})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts {
		fmt.Println(usd.Format(part))
	}
	// Output:
	// 5.00
	// 2.50
	// 2.50
}

// A third of what was paid, never more than that.
func ExampleCurrency_Percent() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)
	charge, err := client.Charges.Retrieve(context.Background(), made.ID)
	if err != nil {
		log.Fatal(err)
	}

	amount, err := exampleCurrency(charge.Currency).Percent(charge.AmountCaptured, "33.333", refundkit.RoundingDown)
	if err != nil {
		log.Fatal(err)
	}
	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: amount},
		refundkit.KeyFrom("order-6735", "refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Currency)
	// Output: 666 usd
}
